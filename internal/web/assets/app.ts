// Everything the pages load, one file a screen that needs script. A screen's own keys come
// before the keys of the desk.
import "./coding";
import "./review";
import "./chain";
import "./making";
import "./hearing";
import "./enhance";
import "./unsaved";
