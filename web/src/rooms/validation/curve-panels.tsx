import type { Curves } from '../../../../platform/src/contracts/validations.ts';
import { Confusion } from '../../charts/confusion.tsx';
import { CurveChart } from '../../charts/curve-chart.tsx';
import { niceDomain } from '../../charts/scale.ts';
import { Panel } from '../../widgets/panel.tsx';

const UNIT = [0, 1] as const;

/** Only the curves the task has. */
export function CurvePanels({ curves }: { readonly curves: Curves }) {
  return (
    <>
      {curves.calibration !== undefined && (
        <Panel title="Calibration" meta="observed over predicted" span="w4">
          <CurveChart
            label="Calibration: observed rate over predicted probability"
            mark="dots"
            guide="identity"
            xLabel="predicted"
            yLabel="observed"
            xDomain={UNIT}
            yDomain={UNIT}
            points={curves.calibration.map((bin) => ({
              x: bin.predicted,
              y: bin.observed,
              low: bin.low,
              high: bin.high,
            }))}
          />
        </Panel>
      )}
      {curves.roc !== undefined && (
        <Panel title="ROC" span="w4">
          <CurveChart
            label="ROC curve"
            mark="line"
            guide="identity"
            xLabel="false positive rate"
            yLabel="true positive rate"
            xDomain={UNIT}
            yDomain={UNIT}
            points={curves.roc}
          />
        </Panel>
      )}
      {curves.precisionRecall !== undefined && (
        <Panel title="Precision and recall" span="w4">
          <CurveChart
            label="Precision over recall"
            mark="line"
            xLabel="recall"
            yLabel="precision"
            xDomain={UNIT}
            yDomain={UNIT}
            points={curves.precisionRecall}
          />
        </Panel>
      )}
      {curves.residuals !== undefined && (
        <Panel title="Residuals" meta="true minus predicted" span="w6">
          <CurveChart
            label="Residuals over predictions"
            mark="dots"
            guide="zero"
            xLabel="predicted"
            yLabel="residual"
            xDomain={niceDomain(
              curves.residuals.map((point) => point.x),
              0,
            )}
            yDomain={niceDomain(
              curves.residuals.map((point) => point.y),
              0,
            )}
            points={curves.residuals}
          />
        </Panel>
      )}
      {curves.confusion !== undefined && (
        <Panel
          title="Confusion"
          meta="rows: true, columns: said"
          span={curves.confusion.labels.length > 8 ? 'w12' : 'w6'}
          flush
        >
          <Confusion labels={curves.confusion.labels} counts={curves.confusion.counts} />
        </Panel>
      )}
    </>
  );
}
