// The SDK as its releases have it for a script tag: everything it exports is global.
import * as sdk from "@aws/clickstream-web";

Object.assign(window, sdk);
