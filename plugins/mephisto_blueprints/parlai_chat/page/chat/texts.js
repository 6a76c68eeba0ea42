/* What the worker is told. */

export const TEXTS = {
  loading: "Loading the chat …",
  preview: "This is a preview. Accept the task to take part.",
  noMobile: "Sorry, this task cannot be done on a mobile device. Please use a computer.",
  noAgent: "Sorry, you are not able to work on this task. (code: null_agent_id)",
  unreachable: "The task could not be loaded. Please check your connection and try again.",
  yourTurn: "It is your turn.",
  othersTurn: "Please wait for the next message.",
  checking: "Thank you. Please wait a moment …",
  over: "The conversation is over. Please press Done to hand in.",
  sending: "Handing in …",
  notSent: "That could not be sent. Please press Done once more.",
  stored: "Thank you, your work is handed in.",
  handedIn: "This conversation is handed in. There is nothing left to do here.",
};

export const CONNECTION = {
  connecting: "Connecting …",
  open: "Connected",
  lost: "Connection lost. Trying again; what you write is kept.",
  unknown: "This session has ended. Please reload the page.",
};

/* Status of the agent -> what it means for who reads it. */
export const STATUS = {
  onboarding: "Before you start, there is a short introduction.",
  waiting: "Waiting for somebody to talk to. Please keep this page open.",
  "partner disconnect":
    "Your partner has left. You are not to blame: please press Done to hand in what you have.",
  timeout: "You took too long to answer, so the conversation has ended. Please return the task.",
  disconnect:
    "We could not reach you for too long, so the conversation has ended. If you had done much of " +
    "it, please write to us.",
  returned: "This conversation has ended. You can return the task and take another one.",
  expired:
    "This conversation does not take place: it was closed, or nobody came to talk to. Please " +
    "return the task, or try again later.",
};

export const ENDED = new Set(["timeout", "disconnect", "returned", "expired"]);
export const HANDED_IN = new Set(["completed", "approved", "soft_rejected", "rejected"]);
