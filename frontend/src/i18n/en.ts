/** Everything the page says, in English. `{name}` is filled in. */
export const en = {
  "app.tagline": "Listens, thinks and speaks.",
  "app.language": "中文",
  "app.languageLabel": "切换到中文",
  "app.skip": "Skip to the conversation",

  "welcome.title": "Talk with {agent}",
  "welcome.how":
    "Press the button and speak as you would to a person. Interrupt whenever you like, or write below.",
  "welcome.local": "Everything runs on this server. Nothing you say leaves it.",
  "welcome.remote": "{engines} of this server are remote services: what you say is sent to them.",
  "welcome.scripted":
    "Demonstration: {engines} here are scripted and answer from settings, not from a model.",

  "agents.legend": "Who would you like to talk with?",

  "call.start": "Start talking",
  "call.again": "Talk on",
  "call.fresh": "New conversation",
  "call.end": "End",
  "call.interrupt": "Interrupt",
  "call.stop": "Stop",
  "call.mute": "Mute",
  "call.unmute": "Unmute",

  "state.starting": "Getting ready",
  "state.idle": "Ready when you are",
  "state.connecting": "Connecting",
  "state.listening": "Listening",
  "state.hearing": "Hearing you",
  "state.thinking": "Thinking",
  "state.speaking": "Speaking",
  "state.held": "Holding on",
  "state.muted": "Your microphone is muted",
  "state.reconnecting": "Connection lost. Coming back",
  "state.ended": "The call has ended. The microphone is closed.",
  "state.writing": "Answering",

  "captions.label": "Conversation",
  "captions.you": "You",
  "captions.cut": "interrupted",
  "captions.empty": "What you both say appears here.",

  "write.label": "Write a message",
  "write.placeholder": "Or write here",
  "write.send": "Send",

  "warmup.title": "Getting the models ready",
  "warmup.note": "The first start fetches them once. Later starts take seconds.",
  "warmup.waiting": "Waiting",
  "warmup.loading": "Loading",
  "warmup.ready": "Ready",
  "warmup.degraded": "Ready, with a fallback",
  "warmup.failed": "Failed",

  "kind.vad": "Hearing when you speak",
  "kind.turn": "Knowing when you have finished",
  "kind.stt": "Understanding speech",
  "kind.llm": "Thinking",
  "kind.tts": "Voice",

  "timing.summary": "{seconds} s to the first sound",
  "timing.caption": "Where the time of this turn went, from the end of your speech",
  "timing.stage": "Stage",
  "timing.from": "Began",
  "timing.took": "Took",
  "timing.queued": "of it waiting",
  "timing.ms": "{ms} ms",
  "stage.end_of_turn": "Sure that you had finished",
  "stage.transcript": "Words understood",
  "stage.first_token": "First word thought",
  "stage.first_clause": "First clause",
  "stage.first_audio": "First sound made",
  "stage.sent": "First sound sent",

  "login.title": "This server has a password",
  "login.label": "Password",
  "login.submit": "Sign in",
  "login.wrong": "That is not the password. Try again.",

  "problem.dismiss": "Dismiss",
  "problem.retry": "Try again",
  "problem.insecure":
    "Browsers give a microphone only to secure pages. Open this page as http://localhost, or start the server with: kaikou serve --tls. You can write meanwhile.",
  "problem.denied":
    "The browser refused the microphone. Allow it for this page (the icon beside the address), then try again. You can write meanwhile.",
  "problem.missing": "No microphone was found. Plug one in and try again. You can write meanwhile.",
  "problem.busy":
    "Another program holds the microphone. Close it and try again. You can write meanwhile.",
  "problem.lost": "The microphone was unplugged. Plug it in and start again.",
  "problem.unreachable": "The server does not answer. Is it running? The page keeps trying.",
  "problem.unauthorized": "You have been signed out. Reload the page to sign in.",
  "problem.session_limit_reached":
    "All lines are busy. One will be free when another call ends: try again shortly.",
  "problem.not_ready": "The models are still getting ready.",
  "problem.dropped": "The connection was lost and could not be taken up again.",
  "problem.taken_over": "This conversation goes on in another window.",
  "problem.audio": "The browser could not open its sound output. Reload the page and try again.",
  "problem.waiting": "The server does not answer. What you wrote is sent as soon as it does.",
  "problem.failed": "Something went wrong.",
};

export type TextKey = keyof typeof en;
