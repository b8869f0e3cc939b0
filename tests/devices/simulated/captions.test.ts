import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { captionsOf, paraphrasedPromptsOf, paraphraseTemplates, promptsOf } from '../../../devices/simulated/captions';
import { drawScene } from '../../../devices/simulated/drawScene';
import { events } from '../../../devices/simulated/events/catalogue';

describe('captions', () => {
  it('name every event that can be seen, and none that cannot', () => {
    for (const [index, event] of events.entries()) {
      const scene = drawScene(index, { events: [event] });
      for (const caption of captionsOf(scene, { count: 6 })) {
        const isNamed = event.phrases.some((phrase) => caption.includes(phrase));
        assert.equal(isNamed, event.sensors.includes('vision'), caption);
        assert.doesNotMatch(caption, /\s\s|^\s|\s$/);
      }
    }
  });

  it('name both of two', () => {
    const scene = drawScene(3, { events: [events[0]!, events[4]!] });
    for (const caption of captionsOf(scene)) {
      assert.ok(
        events[0]!.phrases.some((phrase) => caption.includes(phrase)),
        caption,
      );
      assert.ok(
        events[4]!.phrases.some((phrase) => caption.includes(phrase)),
        caption,
      );
    }
  });

  it('share no wording with the paraphrases', () => {
    const plain = new Set(events.flatMap(promptsOf));
    const other = events.flatMap(paraphrasedPromptsOf);
    assert.equal(other.length, events.flatMap(({ phrases }) => phrases).length * paraphraseTemplates.length);
    assert.ok(other.every((prompt) => !plain.has(prompt)));
    for (let seed = 0; seed < 200; seed++) {
      for (const caption of captionsOf(drawScene(seed))) assert.ok(!other.includes(caption), caption);
    }
  });
});
