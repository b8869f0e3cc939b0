/** Loaded before a program (`node --require`): makes its process what `sensebind run` makes of its own. */
import { keepMemorySmall } from '../../../runtime/cli/service/smallMemory';

keepMemorySmall();
