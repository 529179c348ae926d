package io.github.notearchive.browse;

import io.github.notearchive.archive.stats.FileUses;
import io.github.notearchive.archive.stats.FileUses.FileLine;
import io.github.notearchive.note.MediaType;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.http.CacheControl;
import org.springframework.http.ContentDisposition;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.HttpRange;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.context.request.ServletWebRequest;
import org.springframework.web.server.ResponseStatusException;

/**
 * Sends the bytes of a stored file as they are, while a note that is not erased uses it. No file is held in memory: the
 * bytes of a range come from one request to the store for this range, which ends when the reader leaves.
 */
@RestController
record MediaController(FileUses files, ObjectStore store) {

    /** Types that a browser shows; those of the first bytes of the file, as found at its download. */
    private static final Set<String> SHOWN = Arrays.stream(MediaType.values())
            .filter(type -> type != MediaType.SRT)
            .map(MediaType::contentType)
            .collect(Collectors.toUnmodifiableSet());

    /** Bytes of one response to a player that asks for all the rest, most of which it discards when it seeks. */
    private static final long PLAYED = 1 << 20;

    private static final int BUFFER = 1 << 16;

    /** Part of a file, and whether it is the answer to a request for a range. */
    private record Part(long start, long length, boolean isRange) {}

    @GetMapping("/media/{sha256}")
    void media(@PathVariable String sha256, ServletWebRequest web) throws IOException {
        FileLine file = files.find(sha256).orElseThrow(() -> new ResponseStatusException(HttpStatus.NOT_FOUND));
        HttpServletResponse response = web.getNativeResponse(HttpServletResponse.class);
        if (response == null || web.checkNotModified(sha256)) {
            return;
        }
        boolean isAttachment = web.getParameter("download") != null || !SHOWN.contains(file.contentType());
        describe(file, isAttachment, response);
        Part part = part(file, isAttachment, web);
        if (part == null) {
            response.setHeader(HttpHeaders.CONTENT_RANGE, "bytes */" + file.size());
            response.setStatus(HttpStatus.REQUESTED_RANGE_NOT_SATISFIABLE.value());
            return;
        }
        if (part.isRange()) {
            response.setStatus(HttpServletResponse.SC_PARTIAL_CONTENT);
            response.setHeader(
                    HttpHeaders.CONTENT_RANGE,
                    "bytes %d-%d/%d".formatted(part.start(), part.start() + part.length() - 1, file.size()));
        }
        response.setContentLengthLong(part.length());
        if (!HttpMethod.HEAD.equals(web.getHttpMethod()) && part.length() > 0) {
            send(file, part, response);
        }
    }

    private static void describe(FileLine file, boolean isAttachment, HttpServletResponse response) {
        String name = file.objectKey().substring(file.objectKey().lastIndexOf('/') + 1);
        response.setContentType(SHOWN.contains(file.contentType()) ? file.contentType() : "application/octet-stream");
        ContentDisposition.Builder disposition =
                isAttachment ? ContentDisposition.attachment() : ContentDisposition.inline();
        response.setHeader(
                HttpHeaders.CONTENT_DISPOSITION,
                disposition.filename(name).build().toString());
        // each use is validated by its digest, so that an erased file is not shown again
        response.setHeader(
                HttpHeaders.CACHE_CONTROL, CacheControl.noCache().cachePrivate().getHeaderValue());
        response.setHeader("Content-Security-Policy", "default-src 'none'; sandbox");
        response.setHeader(HttpHeaders.ACCEPT_RANGES, "bytes");
    }

    /** Returns the requested part; the whole file for several ranges or another version, null if there is none. */
    private static @Nullable Part part(FileLine file, boolean isAttachment, ServletWebRequest web) {
        String header = web.getHeader(HttpHeaders.RANGE);
        String version = web.getHeader(HttpHeaders.IF_RANGE);
        Part whole = new Part(0, file.size(), false);
        if (header == null || (version != null && !version.equals("\"" + file.sha256() + "\""))) {
            return whole;
        }
        List<HttpRange> ranges;
        try {
            ranges = HttpRange.parseRanges(header);
        } catch (IllegalArgumentException _) {
            return null;
        }
        if (ranges.size() != 1) {
            return whole;
        }
        long start = ranges.getFirst().getRangeStart(file.size());
        long end = ranges.getFirst().getRangeEnd(file.size());
        if (start >= file.size() || end < start) {
            return null;
        }
        boolean isOpen = header.strip().endsWith("-");
        long length = end - start + 1;
        return new Part(start, isOpen && !isAttachment ? Math.min(length, PLAYED) : length, true);
    }

    private void send(FileLine file, Part part, HttpServletResponse response) throws IOException {
        try {
            ServletOutputStream out = response.getOutputStream();
            store.readRange(new ObjectKey(file.objectKey()), part.start(), part.length(), in -> copy(in, out));
        } catch (StoreException e) {
            if (response.isCommitted()) {
                throw new IOException("The file " + file.sha256() + " was sent incompletely: " + e.getMessage(), e);
            }
            response.reset();
            response.sendError(e.absent() ? HttpStatus.NOT_FOUND.value() : HttpStatus.SERVICE_UNAVAILABLE.value());
        }
    }

    /** Copies until the end, or until the reader has left, which is no failure of the store. */
    private static boolean copy(InputStream in, ServletOutputStream out) throws IOException {
        byte[] buffer = new byte[BUFFER];
        for (int length = in.read(buffer); length >= 0; length = in.read(buffer)) {
            try {
                out.write(buffer, 0, length);
            } catch (IOException _) {
                return false;
            }
        }
        return true;
    }
}
