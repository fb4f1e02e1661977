'use strict';
// All scenarios, for a library behind the door.

require('./connections');
require('./consuming');
require('./declarations');
require('./publishing');
require('./queues');
require('./routing');
const door = require('./door');
const { Skip, main, scenario } = require('./harness');

// Runs the scenarios named on the command line with a library.
function run(library) {
  Object.assign(door.library, library);
  for (const [name, reason] of Object.entries(door.library.skips)) {
    scenario(name, async () => {
      throw new Skip(reason);
    });
  }
  main();
}

module.exports = { run };
