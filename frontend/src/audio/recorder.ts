import { askForMicrophone, type MicrophoneWishes, stopTracks } from "./microphone";

/** Records the microphone into one file, in whatever the browser codes best. */
export class Recorder {
  private constructor(
    private readonly stream: MediaStream,
    private readonly recorder: MediaRecorder,
    private readonly parts: Blob[],
  ) {}

  /** Asks for permission and begins. Throws MicrophoneError. */
  static async start(wishes: MicrophoneWishes): Promise<Recorder> {
    const stream = await askForMicrophone(wishes);
    try {
      const recorder = new MediaRecorder(stream);
      const parts: Blob[] = [];
      recorder.ondataavailable = ({ data }) => parts.push(data);
      recorder.start();
      return new Recorder(stream, recorder, parts);
    } catch (error) {
      stopTracks(stream);
      throw error;
    }
  }

  /** Ends it, gives the device back, and returns what was recorded. */
  stop(): Promise<File> {
    return new Promise((resolve) => {
      const done = () => {
        stopTracks(this.stream);
        const type = this.recorder.mimeType || "audio/webm";
        resolve(new File(this.parts, `voice.${type.includes("mp4") ? "mp4" : "webm"}`, { type }));
      };
      if (this.recorder.state === "inactive") return done();
      this.recorder.onstop = done;
      this.recorder.stop();
    });
  }
}
