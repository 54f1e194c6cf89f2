// A clock that can be put forward, so that nobody has to wait until a token expires.
const machine = Date.now;
let ahead = 0;

Date.now = () => machine() + ahead;

export function advance(seconds) {
  ahead += seconds * 1000;
}
