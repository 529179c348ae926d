package io.github.notearchive.sandbox;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A request as received.
 *
 * @param method such as GET or HEAD
 * @param target path and query, not decoded
 * @param version {@code HTTP/1.1} or older
 * @param headers values by case-insensitive name; the last value of a repeated header
 */
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
