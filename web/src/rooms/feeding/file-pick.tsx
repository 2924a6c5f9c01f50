import { useRef, useState } from 'react';
import { bytes } from '../../widgets/format.ts';

/** A file by the button or dropped onto the field. */
export function FilePick({
  file,
  onPick,
}: {
  readonly file: File | undefined;
  readonly onPick: (file: File | undefined) => void;
}) {
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is a convenience; the button inside does the same
    <div
      className={over ? 'drop over' : 'drop'}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        onPick(event.dataTransfer.files[0]);
      }}
    >
      <button type="button" className="button" onClick={() => input.current?.click()}>
        Choose a file
      </button>
      <input
        ref={input}
        type="file"
        hidden
        aria-label="File to load"
        onChange={(event) => onPick(event.target.files?.[0])}
      />
      {file === undefined ? (
        <span>or drop it here. It is sent to this server and nowhere else.</span>
      ) : (
        <span>
          <b className="strong">{file.name}</b>, {bytes(file.size)}
        </span>
      )}
    </div>
  );
}
