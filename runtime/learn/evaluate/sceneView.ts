import type { Sensor } from '../../../devices/simulated/sensor';
import type { InputSpec } from '../../../models/bundle/manifest';
import type { EncoderInput } from '../../preprocess/input';
import type { PlannedScene } from '../scenePlan';

/** An encoder of the bundle that a sensor of the simulated world feeds. */
export interface JudgedEncoder {
  /** Also the modality. */
  readonly sensor: Sensor;
  readonly input: InputSpec;
  readonly preset: string;
}

/** What a worker thread is to make of scenes. */
export interface ViewRequest {
  readonly encoders: readonly JudgedEncoder[];
  /** Readings, to be encoded. */
  readonly readings: boolean;
  /** Mean and deviation of every channel. */
  readonly features: boolean;
  /** What the camera sees in words. */
  readonly captions: boolean;
  /** Draws of labelled scenes, one a label each, among which the nearest is looked for; none where the list is empty. */
  readonly neighbours: readonly (readonly PlannedScene[])[];
}

/** One scene as a sensor has it. */
export interface SensorView {
  readonly reading: EncoderInput | null;
  readonly features: readonly number[] | null;
  /** Id of the event of the nearest labelled scene, for each draw: by the raw signal, and by what the encoder gets of it. */
  readonly nearestRaw: readonly string[];
  readonly nearestInput: readonly string[];
}

/** One scene as it is judged; a view for each encoder of the request, in its order. */
export interface SceneView {
  readonly caption: string | null;
  readonly sensors: readonly SensorView[];
}

/** The views of the scenes of a task. */
export interface ViewResult {
  readonly first: number;
  readonly views: readonly SceneView[];
}
