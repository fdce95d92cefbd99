import { useEffect } from "react";

/** Keeps the screen on while `active`: a phone that goes dark takes the microphone away. */
export function useWakeLock(active: boolean): void {
  useEffect(() => {
    if (!active || !("wakeLock" in navigator)) return;
    let stopped = false;
    let lock: WakeLockSentinel | null = null;
    const ask = async () => {
      if (document.visibilityState !== "visible") return;
      try {
        const given = await navigator.wakeLock.request("screen");
        if (stopped) await given.release();
        else lock = given;
      } catch {
        // An empty battery or the user's own setting: the call goes on without it.
      }
    };
    void ask();
    // The browser takes the lock away with every change to another window.
    document.addEventListener("visibilitychange", ask);
    return () => {
      stopped = true;
      document.removeEventListener("visibilitychange", ask);
      void lock?.release();
    };
  }, [active]);
}
