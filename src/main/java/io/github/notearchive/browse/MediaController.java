package io.github.notearchive.browse;

import io.github.notearchive.archive.query.NoteView;
import io.github.notearchive.archive.query.NoteView.FileLine;
import io.github.notearchive.note.MediaType;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.http.CacheControl;
import org.springframework.http.ContentDisposition;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.HttpRange;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.context.request.ServletWebRequest;
import org.springframework.web.server.ResponseStatusException;

/**
 * Sends thumbnails, and the bytes of a stored file as they are, while a note that is not erased uses it. No file is
 * held in memory: the bytes of a range come from one request to the store for this range, which ends when the reader
 * leaves.
 */
@RestController
final class MediaController {

    /** Types that a browser shows; those of the first bytes of the file, as found at its download. */
    private static final Set<String> SHOWN = Arrays.stream(MediaType.values())
            .filter(type -> type != MediaType.SRT)
            .map(MediaType::contentType)
            .collect(Collectors.toUnmodifiableSet());

    /** Bytes of one response to a player that asks for all the rest, most of which it discards when it seeks. */
    private static final long PLAYED = 1 << 20;

    private static final int BUFFER = 1 << 16;

    /** Range that no file has. */
    private static final HttpRange NO_BYTES = HttpRange.createByteRange(Long.MAX_VALUE);

    /** Body of a 404, which browsers display in place of the picture. */
    private static final byte[] PLACEHOLDER = """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 30"><path fill="none" stroke="#888" \
            d="M12 8h16v14H12zM12 22l16-14"/></svg>
            """.getBytes(StandardCharsets.UTF_8);

    private final NoteView notes;
    private final ObjectStore store;
    private final Thumbnails thumbnails;

    MediaController(NoteView notes, ObjectStore store, Thumbnails thumbnails) {
        this.notes = notes;
        this.store = store;
        this.thumbnails = thumbnails;
    }

    @GetMapping("/media/{sha256}")
    void media(@PathVariable String sha256, ServletWebRequest web) throws IOException {
        FileLine file = notes.file(sha256).orElseThrow(() -> new ResponseStatusException(HttpStatus.NOT_FOUND));
        HttpServletResponse response = Objects.requireNonNull(web.getResponse());
        if (web.checkNotModified(sha256)) {
            return;
        }
        boolean isShown = SHOWN.contains(file.contentType());
        boolean isDownload = !isShown || web.getParameter("download") != null;
        String name = file.objectKey().substring(file.objectKey().lastIndexOf('/') + 1);
        response.setContentType(isShown ? file.contentType() : "application/octet-stream");
        response.setHeader(
                HttpHeaders.CONTENT_DISPOSITION,
                (isDownload ? ContentDisposition.attachment() : ContentDisposition.inline())
                        .filename(name)
                        .build()
                        .toString());
        // each use is validated by its digest, so that an erased file is not shown again
        response.setHeader(
                HttpHeaders.CACHE_CONTROL, CacheControl.noCache().cachePrivate().getHeaderValue());
        response.setHeader("Content-Security-Policy", "default-src 'none'; sandbox");
        response.setHeader(HttpHeaders.ACCEPT_RANGES, "bytes");
        HttpRange range = range(file, isDownload, web);
        long start = range == null ? 0 : range.getRangeStart(file.size());
        long length = range == null ? file.size() : range.getRangeEnd(file.size()) + 1 - start;
        if (range != null) {
            boolean hasBytes = length > 0;
            response.setStatus(
                    hasBytes
                            ? HttpServletResponse.SC_PARTIAL_CONTENT
                            : HttpServletResponse.SC_REQUESTED_RANGE_NOT_SATISFIABLE);
            String part = hasBytes ? start + "-" + (start + length - 1) : "*";
            response.setHeader(HttpHeaders.CONTENT_RANGE, "bytes " + part + "/" + file.size());
        }
        response.setContentLengthLong(Math.max(0, length));
        if (length > 0 && !HttpMethod.HEAD.equals(web.getHttpMethod())) {
            send(file, start, length, response);
        }
    }

    /** Returns the requested range; null for the whole file, as for several ranges or another version. */
    private static @Nullable HttpRange range(FileLine file, boolean isDownload, ServletWebRequest web) {
        String header = web.getHeader(HttpHeaders.RANGE);
        String version = web.getHeader(HttpHeaders.IF_RANGE);
        if (header == null || (version != null && !version.equals("\"" + file.sha256() + "\""))) {
            return null;
        }
        try {
            List<HttpRange> ranges = HttpRange.parseRanges(header);
            if (ranges.size() != 1) {
                return null;
            }
            long start = ranges.getFirst().getRangeStart(file.size());
            boolean isPlayed = !isDownload && header.strip().endsWith("-");
            return isPlayed ? HttpRange.createByteRange(start, start + PLAYED - 1) : ranges.getFirst();
        } catch (IllegalArgumentException _) {
            return NO_BYTES;
        }
    }

    private void send(FileLine file, long start, long length, HttpServletResponse response) throws IOException {
        try {
            ServletOutputStream out = response.getOutputStream();
            store.readRange(new ObjectKey(file.objectKey()), start, length, in -> copy(in, out));
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

    /** Returns a thumbnail. A browser keeps it, and verifies at each view that it is still served. */
    @GetMapping("/thumbnails/{sha256:[0-9a-f]{64}}")
    ResponseEntity<byte[]> thumbnail(@PathVariable String sha256, @RequestParam int width) {
        if (!Thumbnails.WIDTHS.contains(width)) {
            throw new ResponseStatusException(HttpStatus.BAD_REQUEST, "width is one of " + Thumbnails.WIDTHS);
        }
        return thumbnails
                .of(sha256, width)
                .map(jpeg -> ResponseEntity.ok()
                        .header(HttpHeaders.CONTENT_TYPE, "image/jpeg")
                        .cacheControl(CacheControl.noCache().cachePrivate())
                        .eTag("\"%s-%d\"".formatted(sha256, width))
                        .body(jpeg))
                .orElseGet(() -> ResponseEntity.status(HttpStatus.NOT_FOUND)
                        .header(HttpHeaders.CONTENT_TYPE, "image/svg+xml")
                        .cacheControl(CacheControl.noStore())
                        .body(PLACEHOLDER));
    }
}
