import { useLanguage } from "../i18n/language";
import type { Spread } from "./latency";
import { inSeconds } from "./seconds";

interface Props {
  spread: Spread;
  /** Upper bounds of the buckets in seconds; the last bucket is open. */
  bounds: number[];
  label: string;
  small?: boolean;
}

/** How often each length was: a bar a bucket, the empty ends left out, p50 and p95 marked below. */
export function Histogram({ spread, bounds, label, small }: Props) {
  const { t } = useLanguage();
  const { counts } = spread;
  const first = Math.max(0, counts.findIndex((count) => count > 0) - 1);
  const last = Math.min(counts.length - 1, counts.findLastIndex((count) => count > 0) + 1);
  if (spread.count === 0) return <p className="note">–</p>;
  const most = Math.max(...counts);
  const shown = counts.slice(first, last + 1).map((count, index) => {
    const at = first + index;
    const from = at === 0 ? 0 : (bounds[at - 1] ?? 0);
    const to = bounds[at];
    const range =
      to === undefined ? `> ${inSeconds(from)}` : `${inSeconds(from)} – ${inSeconds(to)}`;
    return { at, count, from, range };
  });
  const words = shown
    .filter(({ count }) => count > 0)
    .map(({ range, count }) => `${range}: ${count}`)
    .join("; ");
  return (
    <figure className={small ? "histogram small" : "histogram"}>
      <div className="columns" role="img" aria-label={`${label}. ${words}`}>
        {shown.map(({ at, count, range }) => (
          <span key={at} className="column" title={`${range}: ${count}`}>
            <i style={{ height: `${(100 * count) / most}%` }} />
          </span>
        ))}
      </div>
      {!small && (
        <>
          <div className="axis" aria-hidden="true">
            <span>{inSeconds(shown[0]?.from)}</span>
            <span>{inSeconds(shown.at(-1)?.from)}</span>
          </div>
          <figcaption className="note">
            {t("latency.spread", {
              p50: inSeconds(spread.p50),
              p90: inSeconds(spread.p90),
              p95: inSeconds(spread.p95),
              max: inSeconds(spread.max),
            })}
          </figcaption>
        </>
      )}
    </figure>
  );
}
