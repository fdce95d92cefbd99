/** What the orb shows in one frame. Loudness 0..1, time in seconds. */
export interface OrbFrame {
  time: number;
  user: number;
  agent: number;
  /** The agent is at work and says nothing yet. */
  busy: boolean;
  /** Nothing moves by itself: people who asked for less motion. */
  still: boolean;
  /** Light, middle and deep colour as `rgb(…)`. */
  light: string;
  middle: string;
  deep: string;
}

const CORNERS = 96;
const TURN = Math.PI * 2;

/** One frame of the orb: a ball the agent's voice swells, and rings that follow the user's. */
export function paintOrb(pen: CanvasRenderingContext2D, size: number, frame: OrbFrame): void {
  const centre = size / 2;
  const radius = size * 0.31;
  const time = frame.still ? 0 : frame.time;
  pen.clearRect(0, 0, size, size);
  paintHalo(pen, centre, radius, frame);
  paintRings(pen, centre, radius, time, frame);
  const breath = 0.012 * Math.sin(time * 1.4);
  const pulse = frame.busy ? 0.03 * Math.sin(time * 4) - 0.05 : 0;
  const ball = radius * (1 + breath + pulse + 0.13 * frame.agent);
  paintBall(pen, centre, ball, time, frame);
}

function paintHalo(pen: CanvasRenderingContext2D, centre: number, radius: number, frame: OrbFrame) {
  const loud = Math.max(frame.user * 0.7, frame.agent);
  const glow = pen.createRadialGradient(centre, centre, radius * 0.7, centre, centre, radius * 1.6);
  glow.addColorStop(0, frame.middle);
  glow.addColorStop(1, clear(frame.middle));
  pen.globalAlpha = 0.16 + 0.34 * loud;
  pen.fillStyle = glow;
  fillAround(pen, centre, centre, radius * 1.6);
  pen.globalAlpha = 1;
}

function paintRings(
  pen: CanvasRenderingContext2D,
  centre: number,
  radius: number,
  time: number,
  { user, middle, still }: OrbFrame,
) {
  pen.strokeStyle = middle;
  for (const ring of [0, 1, 2]) {
    const strength = Math.max(0, user - ring * 0.12);
    pen.globalAlpha = Math.min(0.75, strength * (0.9 - ring * 0.22));
    pen.lineWidth = Math.max(1, centre * (0.016 - ring * 0.004));
    const waves = still ? 0 : strength * 0.07;
    outline(pen, centre, radius * (1.14 + ring * 0.13 + strength * 0.1), waves, time * 2.2 + ring);
    pen.stroke();
  }
  pen.globalAlpha = 1;
}

function paintBall(
  pen: CanvasRenderingContext2D,
  centre: number,
  radius: number,
  time: number,
  frame: OrbFrame,
) {
  pen.save();
  outline(pen, centre, radius, frame.still ? 0 : 0.012 + frame.agent * 0.035, time * 1.6);
  pen.clip();
  const body = pen.createLinearGradient(0, centre - radius, 0, centre + radius);
  body.addColorStop(0, frame.middle);
  body.addColorStop(1, frame.deep);
  pen.fillStyle = body;
  fillAround(pen, centre, centre, radius * 1.1);
  const speed = frame.busy ? 2.4 : 0.55 + frame.agent * 0.5;
  const drift = (time % 3600) * speed;
  cloud(pen, centre, radius, frame.light, 0.85, drift * 0.9, 0.42, 0.95);
  cloud(pen, centre, radius, frame.middle, 0.8, 2.1 - drift * 0.7, 0.5, 0.8);
  cloud(pen, centre, radius, frame.light, 0.5 + 0.4 * frame.agent, 4.2 + drift * 0.6, 0.55, 0.7);
  const shine = pen.createRadialGradient(
    centre - radius * 0.35,
    centre - radius * 0.5,
    0,
    centre - radius * 0.35,
    centre - radius * 0.5,
    radius * 0.9,
  );
  shine.addColorStop(0, "rgba(255, 255, 255, 0.5)");
  shine.addColorStop(1, "rgba(255, 255, 255, 0)");
  pen.fillStyle = shine;
  fillAround(pen, centre - radius * 0.35, centre - radius * 0.5, radius * 0.9);
  pen.restore();
}

/** A soft patch of colour at an angle and a distance from the centre (both relative to the ball). */
function cloud(
  pen: CanvasRenderingContext2D,
  centre: number,
  radius: number,
  colour: string,
  alpha: number,
  angle: number,
  distance: number,
  extent: number,
) {
  const x = centre + Math.cos(angle) * radius * distance;
  const y = centre + Math.sin(angle * 1.3) * radius * distance;
  const patch = pen.createRadialGradient(x, y, 0, x, y, radius * extent);
  patch.addColorStop(0, colour);
  patch.addColorStop(1, clear(colour));
  pen.globalAlpha = alpha;
  pen.fillStyle = patch;
  fillAround(pen, x, y, radius * extent);
  pen.globalAlpha = 1;
}

/** Fill no more than the square in which there is something: each pixel of a gradient costs. */
function fillAround(pen: CanvasRenderingContext2D, x: number, y: number, reach: number) {
  pen.fillRect(x - reach, y - reach, reach * 2, reach * 2);
}

/** A circle with slow waves on its edge. */
function outline(
  pen: CanvasRenderingContext2D,
  centre: number,
  radius: number,
  waves: number,
  phase: number,
) {
  pen.beginPath();
  for (let corner = 0; corner <= CORNERS; corner++) {
    const angle = (corner / CORNERS) * TURN;
    const wave =
      Math.sin(angle * 3 + phase) * 0.5 +
      Math.sin(angle * 5 - phase * 1.3) * 0.3 +
      Math.sin(angle * 2 + phase * 0.7) * 0.4;
    const reach = radius * (1 + waves * wave);
    pen.lineTo(centre + Math.cos(angle) * reach, centre + Math.sin(angle) * reach);
  }
  pen.closePath();
}

/** The same colour, invisible: gradients to plain `transparent` pass through grey. */
function clear(colour: string): string {
  const [red, green, blue] = colour.match(/[\d.]+/g) ?? [];
  return `rgba(${red ?? 0}, ${green ?? 0}, ${blue ?? 0}, 0)`;
}
