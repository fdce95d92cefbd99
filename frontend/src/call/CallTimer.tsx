import { useEffect, useState } from "react";

/** How long the call has lasted. `since`: when it went live, in milliseconds. */
export function CallTimer({ since }: { since: number }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const seconds = Math.max(0, Math.round((now - since) / 1000));
  return (
    <time className="call-timer" dateTime={`PT${seconds}S`}>
      {clock(seconds)}
    </time>
  );
}

/** 75 -> `1:15`, 3675 -> `1:01:15`. */
export function clock(seconds: number): string {
  const two = (number: number) => String(number).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const rest = two(seconds % 60);
  return hours > 0 ? `${hours}:${two(minutes % 60)}:${rest}` : `${minutes}:${rest}`;
}
