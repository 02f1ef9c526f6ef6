import type { ResolvedProgram } from '../../config/resolved.ts';
import type { Session } from '../session/session.ts';
import { isSetUp, setUpEmbedded } from '../processes/embeddedModel.ts';

/** Sets the embedded model up, with consent, where a program is to run on it and it is not there. */
export async function prepareEmbedded(
  session: Pick<Session, 'cli' | 'home'>,
  { endpoint }: Pick<ResolvedProgram, 'endpoint'>,
): Promise<void> {
  if (endpoint.kind === 'embedded' && !isSetUp(session.home())) await setUpEmbedded(session.cli, session.home());
}
