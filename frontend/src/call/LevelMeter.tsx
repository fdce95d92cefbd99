import { useEffect, useRef } from "react";

/** How loud the microphone is. `read` gives 0..1; painted outside React. */
export function LevelMeter({ read }: { read: () => number }) {
  const bar = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    let frame = 0;
    let shown = 0;
    const paint = () => {
      const target = read();
      shown += (target - shown) * (target > shown ? 0.6 : 0.15);
      bar.current?.style.setProperty("--level", shown.toFixed(3));
      frame = requestAnimationFrame(paint);
    };
    paint();
    return () => cancelAnimationFrame(frame);
  }, [read]);
  return (
    <span className="meter" aria-hidden="true">
      <span ref={bar} />
    </span>
  );
}
