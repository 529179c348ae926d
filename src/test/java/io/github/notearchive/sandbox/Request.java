package io.github.notearchive.sandbox;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A request as received; the names of headers are not case-sensitive. */
record Request(String method, String target, String version, Map<String, String> headers) {

    String path() {
        return target.split("\\?", 2)[0];
    }

    /** Returns the first query parameter with a name, decoded; empty if it is absent. */
    String parameter(String name) {
        for (String pair : target.substring(path().length()).split("[?&]", -1)) {
            if (pair.startsWith(name + "=")) {
                return URLDecoder.decode(pair.substring(name.length() + 1), StandardCharsets.UTF_8);
            }
        }
        return "";
    }

    @Nullable
    String header(String name) {
        return headers.get(name);
    }
}
