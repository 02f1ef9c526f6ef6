import { trainerContract } from './trainer.ts';
import { commandTraining } from './trainers/command.ts';
import { embeddedTraining } from './trainers/embedded.ts';
import { fakeTraining } from './trainers/fakes.ts';
import { fireworksTraining, togetherTraining } from './trainers/hosted.ts';
import { folderTraining, openAiTraining } from './trainers/openai.ts';
import { rayTraining } from './trainers/ray.ts';

trainerContract('A service of the OpenAI wire', openAiTraining);
trainerContract('A service that names folders as its models', folderTraining);
trainerContract('The embedded endpoint', embeddedTraining);
trainerContract('Together', togetherTraining);
trainerContract('Fireworks', fireworksTraining);
trainerContract('A command of the user’s', commandTraining);
trainerContract('A Ray cluster', rayTraining);
trainerContract('The fake of the unit tests', fakeTraining);
