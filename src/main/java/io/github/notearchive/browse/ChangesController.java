package io.github.notearchive.browse;

import io.github.notearchive.archive.stats.NoteChanges;
import io.github.notearchive.archive.stats.NoteChanges.ChangePage;
import io.github.notearchive.archive.stats.NoteChanges.GoneNote;
import io.github.notearchive.archive.stats.NoteChanges.NoteEdit;
import io.github.notearchive.note.NoteId;
import jakarta.servlet.http.HttpServletRequest;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.commons.lang3.Strings;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Pages and Atom feeds of the notes that vanished and of those that were edited, newest first. */
@RestController
record ChangesController(NoteChanges changes, PageRenderer pages) {

    private static final int ROWS = 40;
    private static final MediaType ATOM = new MediaType(MediaType.APPLICATION_ATOM_XML, StandardCharsets.UTF_8);

    /**
     * An entry of a feed.
     *
     * @param kind {@code gone} or {@code edited}
     * @param link path of the page of the entry
     */
    record FeedEntry(
            String kind,
            NoteId id,
            Instant at,
            @Nullable String title,
            @Nullable String author,
            String link,
            List<String> fields) {

        /** Returns a permanent id: a note may vanish or change again at another time. */
        String uri() {
            return "tag:note-archive.invalid,2026:%s/%s/%s".formatted(kind, id, at);
        }

        static FeedEntry of(GoneNote note) {
            return new FeedEntry(
                    "gone", note.id(), note.since(), note.title(), note.author(), "/notes/" + note.id(), List.of());
        }

        static FeedEntry of(NoteEdit edit) {
            return new FeedEntry(
                    "edited", edit.id(), edit.at(), edit.title(), edit.author(), differencePath(edit), changed(edit));
        }
    }

    @GetMapping("/gone")
    ResponseEntity<String> gone(HttpServletRequest request, @RequestParam(defaultValue = "") String after) {
        return pages.page(
                request, "browse/gone", Map.of("page", changes.gone(after, ROWS), "isFirst", after.isEmpty()));
    }

    @GetMapping("/edited")
    ResponseEntity<String> edited(HttpServletRequest request, @RequestParam(defaultValue = "") String after) {
        return pages.page(
                request, "browse/edited", Map.of("page", changes.edited(after, ROWS), "isFirst", after.isEmpty()));
    }

    @GetMapping("/gone.atom")
    ResponseEntity<String> goneFeed(HttpServletRequest request) {
        return feed(request, "gone", changes.gone(null, ROWS), FeedEntry::of);
    }

    @GetMapping("/edited.atom")
    ResponseEntity<String> editedFeed(HttpServletRequest request) {
        return feed(request, "edited", changes.edited(null, ROWS), FeedEntry::of);
    }

    private <T> ResponseEntity<String> feed(
            HttpServletRequest request, String kind, ChangePage<T> page, Function<T, FeedEntry> entry) {
        String origin = Strings.CS.removeEnd(request.getRequestURL().toString(), request.getRequestURI());
        ResponseEntity<String> feed = pages.page(
                request,
                "browse/feed",
                Map.of(
                        "kind",
                        kind,
                        "origin",
                        origin,
                        "entries",
                        page.rows().stream().map(entry).toList()));
        return ResponseEntity.status(feed.getStatusCode())
                .headers(feed.getHeaders())
                .contentType(ATOM)
                .body("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n" + feed.getBody());
    }

    static String differencePath(NoteEdit edit) {
        return "/notes/%s/diff?from=%s&to=%s".formatted(edit.id(), edit.before(), edit.at());
    }

    /** Returns what an edit changed, as in {@code NoteView}. */
    static List<String> changed(NoteEdit edit) {
        return Stream.of(
                        Objects.equals(edit.oldTitle(), edit.newTitle()) ? null : "title",
                        Objects.equals(edit.oldText(), edit.newText()) ? null : "text",
                        Objects.equals(edit.oldName(), edit.author()) ? null : "author")
                .filter(Objects::nonNull)
                .toList();
    }
}
