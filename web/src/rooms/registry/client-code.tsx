import { useState } from 'react';
import type { ModelSignature } from '../../../../platform/src/contracts/models.ts';

const LANGUAGES = ['curl', 'Python', 'JavaScript'] as const;

/** Code that works as it is, with typical values of the training data. */
export function ClientCode({
  name,
  signature,
}: {
  readonly name: string;
  readonly signature: ModelSignature;
}) {
  const [language, setLanguage] = useState<(typeof LANGUAGES)[number]>('curl');
  const record = Object.fromEntries(signature.inputs.map((input) => [input.name, input.example]));
  const url = `${window.location.origin}/models/${name}/invocations`;
  const body = JSON.stringify({ dataframe_records: [record], params: { probabilities: true } });
  const code: Record<(typeof LANGUAGES)[number], string> = {
    curl: `curl -s ${url} \\\n  -H 'content-type: application/json' \\\n  -d '${body.replaceAll("'", "'\\''")}'`,
    Python: `import json, urllib.request\n\nbody = json.loads(${JSON.stringify(body)})\nrequest = urllib.request.Request("${url}", json.dumps(body).encode())\nprint(json.load(urllib.request.urlopen(request))["predictions"])`,
    JavaScript: `const reply = await fetch('${url}', {\n  method: 'POST',\n  body: JSON.stringify(${body}),\n});\nconsole.log((await reply.json()).predictions);`,
  };
  return (
    <>
      <div style={{ display: 'flex', gap: 8, marginBottom: 8 }}>
        {LANGUAGES.map((each) => (
          <button
            key={each}
            type="button"
            className={`button ${each === language ? 'primary' : ''}`}
            aria-pressed={each === language}
            onClick={() => setLanguage(each)}
          >
            {each}
          </button>
        ))}
        <button
          type="button"
          className="button"
          style={{ marginLeft: 'auto' }}
          onClick={() => void navigator.clipboard?.writeText(code[language])}
        >
          Copy
        </button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: long code scrolls, and a keyboard must reach it */}
      <pre className="code" tabIndex={0}>
        {code[language]}
      </pre>
    </>
  );
}
