import { Classifier, type ClassifierOptions, type Labelled } from '../../runtime/learn/baselines/classifier';

/** Share of examples whose label is found. */
export type Judge = (test: Labelled) => number;

/** A classifier that has learnt all that it will. */
export function learn(train: Labelled, options: ClassifierOptions): Judge {
  const classifier = new Classifier(train, options);
  while (classifier.step());
  return (test) => {
    const right = test.features.filter((features, index) => {
      const scores = classifier.scores(features);
      return scores.indexOf(Math.max(...scores)) === test.labels[index];
    });
    return right.length / test.features.length;
  };
}
