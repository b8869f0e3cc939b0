/** The senses of the simulated world: five of the six modalities that ImageBind knows, and one outside them. */
export const SENSORS = ['vision', 'depth', 'thermal', 'audio', 'imu', 'radar'] as const;

export type Sensor = (typeof SENSORS)[number];
