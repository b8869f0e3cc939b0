import type { EventDeclaration } from './event';

/** An electric stove that was left on: it glows, and is silent. */
export const hotStove: EventDeclaration = {
  id: 'hot_stove',
  sensors: ['vision', 'thermal'],
  phrases: ['a hot stove', 'a stove left on', 'a glowing hot plate', 'an appliance getting too hot'],
  onset: 'lasting',
  reachMetres: 3.2,
  draw: (stage) => {
    const { random, strength, x, z } = stage;
    const body = stage.nearly([225, 225, 222], 20);
    stage.box({ at: [x, 0.37, z], half: [0.5, 0.37, 0.32], colour: body, kelvin: stage.ambientKelvin + 6 });
    stage.box({ at: [x, 0.755, z], half: [0.5, 0.02, 0.32], colour: [28, 28, 30], kelvin: stage.ambientKelvin + 15 });
    const oven = { colour: [190 + 60 * strength, 92, 26], glow: 0.9, kelvin: 340 + 50 * strength } as const;
    stage.box({ at: [x, 0.4, z - 0.325], half: [0.36, 0.2, 0.01], ...oven });
    const hottest = 480 + 260 * strength;
    for (const side of [-1, 1]) {
      const isOn = side === 1 || random.chance(0.4);
      const colour = isOn ? ([255, 70 + 60 * strength, 20] as const) : ([52, 50, 50] as const);
      const kelvin = isOn ? hottest : stage.ambientKelvin + 20;
      const at = [x + side * 0.25, 0.79, z] as const;
      stage.ball({ at, radii: [0.19, 0.06, 0.19], colour, kelvin, glow: isOn ? 1.2 : 0 });
    }
    stage.lamp({ at: [x + 0.2, 1, z - 0.1], colour: [120, 30, 8], power: 0.3 + 0.4 * strength });
  },
};
