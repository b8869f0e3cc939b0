import type { Browser, ElementHandle, Page } from 'puppeteer-core';

/** What of Node-RED's editor is used in its page. */
declare const RED: {
  readonly nodes: {
    import(nodes: readonly object[]): unknown;
    node(id: string): EditedNode | null;
    getType(type: string): { readonly category: string; readonly defaults: Readonly<Record<string, object>> };
    eachNode(look: (node: EditedNode) => boolean | undefined): void;
    /** Wires that leave a node. */
    getNodeLinks(id: string): readonly { readonly target: EditedNode }[];
    createExportableNodeSet(nodes: readonly EditedNode[]): readonly Readonly<Record<string, unknown>>[];
  };
  readonly editor: {
    edit(node: EditedNode): void;
    editConfig(name: string, type: string, id: string): void;
    validateNode(node: EditedNode): boolean;
  };
  readonly sidebar: { show(id: string): void; readonly help: { show(type: string): void } };
  readonly actions: { invoke(action: string): void };
  readonly view: { redraw(isComplete: boolean): void };
};

interface EditedNode {
  readonly id: string;
  readonly type: string;
  readonly changed?: boolean;
  readonly valid?: boolean;
  readonly validationErrors?: readonly string[];
}

/** A node as the editor has it. */
export interface SeenNode {
  readonly properties: Readonly<Record<string, unknown>>;
  readonly isChanged: boolean;
  /** Reasons why it cannot be used; none for one that can. */
  readonly problems: readonly string[];
}

export interface EditorOptions {
  readonly language?: 'en-US' | 'zh-CN';
  readonly colours?: 'light' | 'dark';
}

/** The editor of a Node-RED in a page of a browser, used as a person uses it. */
export class Editor {
  readonly page: Page;
  /** What the page complained of. */
  readonly errors: string[] = [];

  private constructor(page: Page) {
    this.page = page;
    page.on('pageerror', (error) => {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      if (!isTipOfNodeRed(text)) this.errors.push(text);
    });
    page.setDefaultTimeout(60_000);
  }

  /** Loads it, with all nodes and the flow. */
  static async open(browser: Browser, url: string, options: EditorOptions = {}): Promise<Editor> {
    const { language = 'en-US', colours = 'light' } = options;
    // In a window of its own: what the editor remembers of another test, such as which panels are open, is not there.
    const page = await (await browser.createBrowserContext()).newPage();
    const editor = new Editor(page);
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: colours }]);
    await page.evaluateOnNewDocument(
      (wanted, theme) => {
        localStorage.setItem('editor-language', wanted);
        localStorage.setItem('view-dark-theme', theme);
      },
      language,
      colours,
    );
    await page.goto(url, { waitUntil: 'domcontentloaded' });
    await page.waitForSelector('.red-ui-palette-node');
    await page.waitForFunction(() => {
      const cover = document.querySelector<HTMLElement>('#red-ui-loading-progress');
      return cover === null || cover.offsetParent === null;
    });
    return editor;
  }

  /** Adds nodes to the flow that is shown, with the defaults of their types for what is not given. */
  async add(nodes: readonly { readonly id: string; readonly type: string }[]): Promise<void> {
    await this.page.evaluate((given) => {
      const whole = given.map((node) => {
        const { category, defaults } = RED.nodes.getType(node.type);
        const usual = Object.entries(defaults).map(([key, { value }]: [string, { value?: unknown }]) => [key, value]);
        return {
          ...JSON.parse(JSON.stringify(Object.fromEntries(usual))),
          ...(category === 'config' ? {} : { z: 'tab', x: 300, y: 300, wires: [] }),
          ...node,
        };
      });
      RED.nodes.import(whole);
      RED.view.redraw(true);
    }, nodes);
  }

  /** What the editor knows of a node. */
  look(id: string): Promise<SeenNode> {
    return this.page.evaluate((wanted) => {
      const node = RED.nodes.node(wanted);
      if (node === null) throw new Error(`expected a node ${wanted}`);
      RED.editor.validateNode(node);
      const [properties] = RED.nodes.createExportableNodeSet([node]);
      return {
        properties: properties ?? {},
        isChanged: node.changed === true,
        problems: node.valid === true ? [] : (node.validationErrors ?? ['invalid without a reason']),
      };
    }, id);
  }

  /** Why a node cannot be used, as soon as the editor knows. */
  async untilProblem(id: string): Promise<string> {
    const found = await this.page.waitForFunction(
      (wanted) => {
        const node = RED.nodes.node(wanted);
        return node?.valid === false ? (node.validationErrors ?? []).join('; ') || 'invalid' : undefined;
      },
      {},
      id,
    );
    return String(await found.jsonValue());
  }

  /** The card of a source in the sidebar has a picture that is more than one colour. */
  async untilDrawn(source: string): Promise<void> {
    await this.page.waitForFunction(
      (wanted) => {
        const cards = [...document.querySelectorAll('.sb-card')];
        const card = cards.find((one) => one.querySelector('.sb-name')?.textContent === wanted);
        const canvas = card?.querySelector('canvas');
        const context = canvas?.getContext('2d');
        if (!canvas || !context || canvas.width === 0) return false;
        const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
        return new Set(new Uint32Array(data.buffer)).size > 5;
      },
      {},
      source,
    );
  }

  /** As a key or a menu does. */
  async act(action: string): Promise<void> {
    await this.page.evaluate((wanted) => RED.actions.invoke(wanted), action);
  }

  /** Lets time go by in the page. */
  async wait(millis: number): Promise<void> {
    await this.page.evaluate((wanted) => new Promise((resolve) => setTimeout(resolve, wanted)), millis);
  }

  /** Opens the dialog of a node and waits until it has all that it loads. */
  async openDialog(id: string): Promise<void> {
    await this.page.evaluate((wanted) => {
      const node = RED.nodes.node(wanted);
      if (node === null) throw new Error(`expected a node ${wanted}`);
      if (RED.nodes.getType(node.type).category === 'config') RED.editor.editConfig('', node.type, node.id);
      else RED.editor.edit(node);
    }, id);
    await this.dialogLoaded();
  }

  /** A dialog is there, with the devices and whatever else it asks for. */
  async dialogLoaded(): Promise<void> {
    await this.page.waitForSelector(TRAY_BUTTON);
    await this.page.waitForNetworkIdle({ idleTime: 60 });
  }

  /** Presses Done in the dialog on top, and waits until it is gone. */
  async done(): Promise<void> {
    const button = await this.page.waitForSelector(TRAY_BUTTON);
    await button?.evaluate((element) => (element as HTMLElement).click());
    await this.page.waitForFunction((element) => element?.isConnected !== true, {}, button);
  }

  /** The help of a type as its tab shows it. */
  async help(type: string): Promise<string> {
    return this.page.evaluate((wanted) => {
      RED.sidebar.help.show(wanted);
      const shown = document.querySelector<HTMLElement>('.red-ui-help-title')?.parentElement;
      return shown === null || shown === undefined || shown.offsetParent === null ? '' : shown.innerText.trim();
    }, type);
  }

  /** Shows a tab of the sidebar. */
  async showTab(id: string): Promise<void> {
    await this.page.evaluate((wanted) => RED.sidebar.show(wanted), id);
  }

  /** Shows only what fits in the palette. */
  async filterPalette(text: string): Promise<void> {
    await this.type('#red-ui-palette-search input', text);
  }

  /** Drags a type from the palette to a place of the canvas. @returns the id of the node that is there then */
  async drag(type: string, to: { readonly x: number; readonly y: number }): Promise<string> {
    const { page } = this;
    const before = await this.#ids(type);
    const entry = await this.#visible(`.red-ui-palette-node[data-palette-type="${type}"]`);
    const canvas = await (await this.#visible('#red-ui-workspace-chart')).boundingBox();
    if (canvas === null) throw new Error('expected a canvas');
    await this.#dragTo(entry, { x: canvas.x + to.x, y: canvas.y + to.y });
    const isNew = await page.waitForFunction(
      (wanted, known) => {
        const found: string[] = [];
        RED.nodes.eachNode((node) => {
          if (node.type === wanted && !known.includes(node.id)) found.push(node.id);
          return true;
        });
        return found[0];
      },
      {},
      type,
      before,
    );
    return String(await isNew.jsonValue());
  }

  /** Drags a wire from an output of a node to the input of another, and waits until it is there. */
  async wire(from: string, to: string, output = 0): Promise<void> {
    const outputs = await this.page.$$(`[id="${from}"] .red-ui-flow-port-output .red-ui-flow-port`);
    const port = outputs[output];
    const input = await (await this.#visible(`[id="${to}"] .red-ui-flow-port-input .red-ui-flow-port`)).boundingBox();
    if (port === undefined || input === null) throw new Error(`expected ports of ${from} and ${to}`);
    await this.#dragTo(port, { x: input.x + input.width / 2, y: input.y + input.height / 2 });
    await this.page.waitForFunction(
      (source, target) => RED.nodes.getNodeLinks(source).some((link) => link.target.id === target),
      {},
      from,
      to,
    );
  }

  /** Presses Deploy, and waits until Node-RED has taken the flow. */
  async deploy(): Promise<void> {
    const answered = this.page.waitForResponse(
      (response) => response.url().endsWith('/flows') && response.request().method() === 'POST',
    );
    await this.press('#red-ui-header-button-deploy');
    const answer = await answered;
    if (!answer.ok()) throw new Error(`expected a deploy, found ${answer.status()}: ${await answer.text()}`);
  }

  /** Opens the dialog of a node on the canvas by a double click. */
  async doubleClick(id: string): Promise<void> {
    const node = await this.#visible(`[id="${id}"] .red-ui-flow-node`);
    await node.click({ count: 2, delay: 20 });
    await this.dialogLoaded();
  }

  async click(selector: string): Promise<void> {
    await (await this.#visible(selector)).click();
  }

  /** Presses a button of a dialog. Dialogs slide in, and on a busy machine the mouse would hit beside it. */
  async press(selector: string): Promise<void> {
    await (await this.#visible(selector)).evaluate((element) => (element as HTMLElement).click());
  }

  /**
   * Replaces what stands in a field, key by key. A dialog that has opened takes the focus to its first field a moment
   * later, in the middle of the text on a busy machine: then it is typed again, as a person would.
   */
  async type(selector: string, text: string): Promise<void> {
    const field = await this.#visible(selector);
    for (let attempt = 0; attempt < 5; attempt++) {
      await field.evaluate((element) => (element as HTMLInputElement).select());
      await field.type(text);
      if ((await field.evaluate((element) => (element as HTMLInputElement).value)) === text) return;
    }
    throw new Error(`expected ${selector} to take ${text}`);
  }

  async #dragTo(from: ElementHandle, to: { readonly x: number; readonly y: number }): Promise<void> {
    const box = await from.boundingBox();
    if (box === null) throw new Error('expected something to drag');
    const { mouse } = this.page;
    await mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await mouse.down();
    await mouse.move(to.x, to.y, { steps: 8 });
    await mouse.up();
  }

  async #visible(selector: string): Promise<ElementHandle> {
    const found = await this.page.waitForSelector(selector, { visible: true });
    if (found === null) throw new Error(`expected ${selector}`);
    await found.scrollIntoView();
    return found;
  }

  #ids(type: string): Promise<readonly string[]> {
    return this.page.evaluate((wanted) => {
      const found: string[] = [];
      RED.nodes.eachNode((node) => {
        if (node.type === wanted) found.push(node.id);
        return true;
      });
      return found;
    }, type);
  }
}

/** On a busy machine Node-RED 5 shows a tip before the panel that it belongs to is there. No code of ours is in it. */
function isTipOfNodeRed(error: string): boolean {
  return /^TypeError: .*\(reading 'html'\)\s+at \w+ \(\S+\/red\/red\.min\.js\S*\)\s*$/.test(error);
}

/** Of the dialog that is on top. */
const TRAY_BUTTON = '.red-ui-tray:last-child :is(#node-dialog-ok, #node-config-dialog-ok)';
