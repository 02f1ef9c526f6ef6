import { EndpointRefused, EndpointUnavailable } from '../engine/errors.ts';

const advice = 'The same command then goes on; what was answered is remembered.';

/** The error of an endpoint that gave up on work which is no run: there is nothing to resume. */
export function withSameCommand(error: unknown): unknown {
  if (error instanceof EndpointUnavailable) {
    return new EndpointUnavailable(`${error.message} ${advice}`, { cause: error });
  }
  if (error instanceof EndpointRefused) {
    return new EndpointRefused(`${error.message} ${advice}`, { key: error.key, cause: error });
  }
  return error;
}
