import type { EventDeclaration } from './event';

/** An electric stove that was left on: it glows, and is silent. */
export const hotStove: EventDeclaration = {
  id: 'hot_stove',
  sensors: ['vision', 'thermal'],
  phrases: ['a hot stove', 'a stove left on', 'a glowing hot plate', 'an appliance getting too hot'],
  onset: 'lasting',
  draw: (stage) => {
    const { random, strength, x, z } = stage;
    const body = stage.nearly([225, 225, 222], 20);
    stage.box({ at: [x, 0.42, z], half: [0.5, 0.42, 0.32], colour: body });
    stage.box({ at: [x, 0.855, z], half: [0.5, 0.02, 0.32], colour: [28, 28, 30], kelvin: stage.ambientKelvin + 8 });
    stage.box({ at: [x, 0.45, z - 0.325], half: [0.38, 0.24, 0.01], colour: [40, 42, 48] });
    const hottest = 480 + 260 * strength;
    for (const side of [-1, 1]) {
      const isOn = side === 1 || random.chance(0.4);
      const colour = isOn ? ([255, 70 + 60 * strength, 20] as const) : ([52, 50, 50] as const);
      const kelvin = isOn ? hottest : stage.ambientKelvin + 20;
      const at = [x + side * 0.25, 0.89, z] as const;
      stage.ball({ at, radii: [0.19, 0.035, 0.19], colour, kelvin, glow: isOn ? 1.2 : 0 });
    }
    stage.lamp({ at: [x + 0.2, 1.05, z - 0.1], colour: [120, 30, 8], power: 0.3 + 0.4 * strength });
  },
};
