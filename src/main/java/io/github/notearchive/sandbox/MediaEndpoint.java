package io.github.notearchive.sandbox;

import io.github.notearchive.sandbox.SyntheticMedia.GeneratedFile;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The media server: serves generated files, whole or in part. */
final class MediaEndpoint {

    private static final Pattern RANGE = Pattern.compile("bytes=(\\d*)-(\\d*)");

    /** Response of the media server. */
    @SuppressWarnings("ArrayRecordComponent") // responses are never compared
    record Response(int status, Map<String, String> headers, byte[] body) {}

    private final SyntheticMedia media;

    MediaEndpoint(SyntheticMedia media) {
        this.media = media;
    }

    /**
     * Returns the file of a target; a status without file if it is dead or unknown.
     *
     * @param target path and query
     * @param range value of the header {@code Range}; null if absent
     * @param ifRange value of the header {@code If-Range}; null if absent
     */
    Response serve(String target, @Nullable String range, @Nullable String ifRange) {
        Optional<GeneratedFile> file = media.find(target);
        OptionalInt dead = media.deadStatus(target);
        return file.isPresent() && dead.isEmpty() ? serve(file.get(), range, ifRange) : status(dead.orElse(404));
    }

    /** Returns a file, or the requested part of it. The response to several ranges is the whole file. */
    static Response serve(GeneratedFile file, @Nullable String range, @Nullable String ifRange) {
        byte[] bytes = file.bytes();
        Matcher requested = RANGE.matcher(range == null ? "" : range);
        if (!requested.matches()
                || requested.group().equals("bytes=-")
                || (ifRange != null && !ifRange.equals(file.etag()))) {
            return response(200, file, "", bytes);
        }
        boolean isSuffix = requested.group(1).isEmpty();
        long first = isSuffix
                ? Math.max(0, bytes.length - Long.parseLong(requested.group(2)))
                : Long.parseLong(requested.group(1));
        long end = isSuffix || requested.group(2).isEmpty()
                ? bytes.length
                : Math.min(bytes.length, Long.parseLong(requested.group(2)) + 1);
        return first < end
                ? response(
                        206,
                        file,
                        "bytes " + first + "-" + (end - 1) + "/" + bytes.length,
                        Arrays.copyOfRange(bytes, (int) first, (int) end))
                : response(416, file, "bytes */" + bytes.length, new byte[0]);
    }

    /** Returns a status with a short text. */
    static Response status(int status) {
        return new Response(
                status, Map.of("Content-Type", "text/plain"), ("status " + status).getBytes(StandardCharsets.UTF_8));
    }

    private static Response response(int status, GeneratedFile file, String contentRange, byte[] body) {
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("Content-Type", file.contentType());
        headers.put("ETag", file.etag());
        headers.put("Accept-Ranges", "bytes");
        if (!contentRange.isEmpty()) {
            headers.put("Content-Range", contentRange);
        }
        return new Response(status, headers, body);
    }
}
