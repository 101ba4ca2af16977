// Everything the pages load, one file a screen that needs script.
import "./enhance";
