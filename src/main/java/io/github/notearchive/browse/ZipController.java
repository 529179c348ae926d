package io.github.notearchive.browse;

import io.github.notearchive.archive.query.NoteCards.CardOrder;
import io.github.notearchive.archive.query.NoteFilter;
import io.github.notearchive.archive.query.NoteResults;
import io.github.notearchive.archive.query.NoteResults.FoundNotes;
import io.github.notearchive.archive.query.NoteSnapshots.ContentSize;
import io.github.notearchive.export.ZipExport;
import io.github.notearchive.note.NoteId;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import org.springframework.http.CacheControl;
import org.springframework.http.ContentDisposition;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.util.unit.DataSize;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Sends the notes of a search as a ZIP archive, after a page that says how much that is. */
@RestController
final class ZipController {

    /** Archives that are sent at a time; each reads from the store as fast as its reader takes it. */
    private static final int AT_ONCE = 2;

    private final NoteResults results;
    private final ZipExport zip;
    private final BrowseProperties settings;
    private final PageRenderer pages;
    private final Semaphore turns = new Semaphore(AT_ONCE);

    ZipController(NoteResults results, ZipExport zip, BrowseProperties settings, PageRenderer pages) {
        this.results = results;
        this.zip = zip;
        this.settings = settings;
        this.pages = pages;
    }

    /**
     * An archive to be sent.
     *
     * @param isPart whether older notes may match, which were not compared
     * @param limit what the archive exceeds, as key of its text; empty if it may be sent
     */
    record Offer(
            NoteFilter filter,
            List<NoteId> ids,
            ContentSize size,
            boolean isPart,
            String limit,
            int most,
            DataSize largest) {}

    @GetMapping("/zip")
    ResponseEntity<String> offer(HttpServletRequest request, @RequestParam(defaultValue = "") String q) {
        return page(request, HttpStatus.OK, offer(q));
    }

    private ResponseEntity<String> page(HttpServletRequest request, HttpStatus status, Offer offer) {
        return pages.page(request, status, "browse/zip", Map.of("offer", offer));
    }

    private Offer offer(String q) {
        NoteFilter filter = NoteFilter.parse(q);
        FoundNotes found = results.find(filter, CardOrder.PUBLISHED);
        ContentSize size = zip.size(found.ids());
        boolean isLong = found.isMore() || found.ids().size() > settings.zipNotes();
        boolean isLarge = size.bytes() > settings.zipSize().toBytes();
        String limit = isLong ? "zip.long" : isLarge ? "zip.large" : found.ids().isEmpty() ? "wall.none" : "";
        return new Offer(filter, found.ids(), size, found.isPart(), limit, settings.zipNotes(), settings.zipSize());
    }

    /** Refuses with the page of {@link #offer} what exceeds the limits, and a third archive at a time with 503. */
    @GetMapping("/notes.zip")
    @Nullable
    ResponseEntity<String> zip(
            HttpServletRequest request, HttpServletResponse response, @RequestParam(defaultValue = "") String q)
            throws IOException {
        Offer offer = offer(q);
        if (!offer.limit().isEmpty()) {
            HttpStatus status = offer.ids().isEmpty() ? HttpStatus.NOT_FOUND : HttpStatus.CONTENT_TOO_LARGE;
            return page(request, status, offer);
        }
        if (!turns.tryAcquire()) {
            response.setHeader(HttpHeaders.RETRY_AFTER, "60");
            response.sendError(HttpStatus.SERVICE_UNAVAILABLE.value());
            return null;
        }
        try {
            String name = offer.ids().size() == 1 ? "note-" + offer.ids().getFirst() : "notes";
            response.setContentType("application/zip");
            response.setHeader(HttpHeaders.CACHE_CONTROL, CacheControl.noStore().getHeaderValue());
            response.setHeader(
                    HttpHeaders.CONTENT_DISPOSITION,
                    ContentDisposition.attachment()
                            .filename(name + ".zip")
                            .build()
                            .toString());
            if (!HttpMethod.HEAD.matches(request.getMethod())) {
                zip.write(offer.ids(), response.getOutputStream());
            }
            return null;
        } finally {
            turns.release();
        }
    }
}
