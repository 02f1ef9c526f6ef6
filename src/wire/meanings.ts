/** What an error of an endpoint means for the call, the endpoint and the run. */
export type ErrorMeaning =
  /** The prompt does not fit the model. */
  | 'tooLong'
  /** A filter does not let the prompt, or the answer, through. */
  | 'flagged'
  /** It wants fewer requests. */
  | 'rateLimit'
  /** The account is empty. */
  | 'noCredit'
  /** It does not accept the key for anything. */
  | 'wrongKey'
  /** It does not serve this account, or does not serve this place. */
  | 'denied'
  /** The key is not for this. */
  | 'forbidden'
  | 'unknownModel'
  | 'redirect'
  /** It fails for now: overload, a service behind it that is gone. */
  | 'passing'
  /** It has nothing of the kind. */
  | 'cannot'
  /** It wants something of every call that is not there: a header, a version in its address. */
  | 'everyCall'
  /** A router has the model, and no provider of it that takes all that is asked. */
  | 'noProvider'
  /** A setting of the sampling is outside of what the model takes. */
  | 'outOfRange'
  /** It cannot load the model: too little memory, or a form that it does not know. */
  | 'notLoaded'
  /** The answer, with what the model thought before it, was longer than it may be. */
  | 'unfinished'
  /** It does not take the call as it is. */
  | 'rejected';
