import "htmx.org";
import "htmx.org/dist/ext/hx-sse.js";
import "basecoat-css/basecoat";
import "basecoat-css/dropdown-menu";
import "basecoat-css/popover";
import "basecoat-css/tabs";
import "basecoat-css/toast";
