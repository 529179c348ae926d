package io.github.notearchive.browse;

import de.siegmar.fastcsv.writer.CsvWriter;
import io.github.notearchive.archive.query.NoteCards;
import io.github.notearchive.archive.query.NoteCards.CardOrder;
import io.github.notearchive.archive.query.NoteCards.Cards;
import io.github.notearchive.archive.query.NoteFilter;
import io.github.notearchive.archive.query.NoteResults;
import io.github.notearchive.archive.query.NoteView;
import io.github.notearchive.archive.query.NoteView.CaptureContent;
import io.github.notearchive.archive.worklist.WorklistRepository;
import io.github.notearchive.archive.worklist.WorklistRepository.WorklistEntry;
import io.github.notearchive.browse.NotePage.Walk;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.report.NoteHistories;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.http.CacheControl;
import org.springframework.http.ContentDisposition;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ResponseStatusException;

/** Pages of a note, of one response about it, of the difference of two, and of its author, topics and files. */
@RestController
final class NoteController {

    private static final MediaType CSV = new MediaType("text", "csv", StandardCharsets.UTF_8);

    /** Parameter of a note's address with the filter of the search that found it. */
    static final String WITHIN = "in";

    private static final int CARDS = 60;

    /** Slots of a file that are listed; a sound may be used by thousands of notes. */
    private static final int USES = 200;

    private final NoteView notes;
    private final NoteCards cards;
    private final NoteResults results;
    private final WorklistRepository worklist;
    private final NoteHistories histories;
    private final PageRenderer pages;
    private final MissingPage missing;

    NoteController(
            NoteView notes,
            NoteCards cards,
            NoteResults results,
            WorklistRepository worklist,
            NoteHistories histories,
            PageRenderer pages,
            MissingPage missing) {
        this.notes = notes;
        this.cards = cards;
        this.results = results;
        this.worklist = worklist;
        this.histories = histories;
        this.pages = pages;
        this.missing = missing;
    }

    @GetMapping("/notes/{id}")
    ResponseEntity<String> note(
            HttpServletRequest request,
            @PathVariable String id,
            @RequestParam(name = WITHIN, required = false) @Nullable String within,
            @RequestParam(defaultValue = "PUBLISHED") CardOrder order) {
        return NoteId.parse(id)
                .flatMap(notes::find)
                .map(note -> {
                    Optional<WorklistEntry> entry = worklist.find(note.id());
                    NotePage page = new NotePage(
                            note,
                            notes.files(note.id()),
                            notes.mentions(note.id()),
                            notes.captures(note.id()),
                            entry.orElse(null),
                            entry.map(each -> histories.brief(
                                            each, pages.site(request).texts()))
                                    .map(history -> history.events().reversed())
                                    .orElse(List.of()),
                            within == null ? null : walk(note.id(), new Search(NoteFilter.parse(within), order)));
                    return pages.page(request, "browse/note", Map.of("page", page));
                })
                .orElseGet(() -> missing.note(request, id));
    }

    /** Returns the place of a note in the result of a search; null if it is not among its first notes. */
    private @Nullable Walk walk(NoteId note, Search search) {
        List<NoteId> ids = results.find(search.filter(), search.order()).ids();
        int at = ids.indexOf(note);
        if (at < 0) {
            return null;
        }
        NoteId previous = at == 0 ? null : ids.get(at - 1);
        NoteId next = at == ids.size() - 1 ? null : ids.get(at + 1);
        return new Walk(search, at + 1, ids.size(), previous, next);
    }

    @GetMapping("/notes/{id}/counts.csv")
    ResponseEntity<String> counts(@PathVariable String id) throws IOException {
        NoteId note = NoteId.parse(id)
                .filter(parsed -> notes.find(parsed).isPresent())
                .orElseThrow(NoteController::unknown);
        StringWriter rows = new StringWriter();
        try (CsvWriter csv = CsvWriter.builder().build(rows)) {
            csv.writeRecord("captured_at", "likes", "collected", "comments", "shared");
            notes.captures(note)
                    .reversed()
                    .forEach(capture -> csv.writeRecord(Stream.of(
                                    capture.capturedAt(),
                                    capture.likes(),
                                    capture.collected(),
                                    capture.comments(),
                                    capture.shared())
                            .map(value -> Objects.toString(value, ""))
                            .toList()));
        }
        return ResponseEntity.ok()
                .contentType(CSV)
                .cacheControl(CacheControl.noStore())
                .header(
                        HttpHeaders.CONTENT_DISPOSITION,
                        ContentDisposition.attachment()
                                .filename("counts-%s.csv".formatted(note))
                                .build()
                                .toString())
                .body(rows.toString());
    }

    @GetMapping("/notes/{id}/captures/{captured}")
    ResponseEntity<String> capture(HttpServletRequest request, @PathVariable String id, @PathVariable String captured) {
        return find(id, captured)
                .map(capture -> {
                    var comments = notes.comments(capture.id(), capture.capturedAt());
                    return pages.page(request, "browse/capture", Map.of("capture", capture, "comments", comments));
                })
                .orElseGet(() -> missing.note(request, id));
    }

    @GetMapping("/notes/{id}/diff")
    ResponseEntity<String> difference(
            HttpServletRequest request, @PathVariable String id, @RequestParam String from, @RequestParam String to) {
        return find(id, from)
                .flatMap(before -> find(id, to).map(after -> Map.of("before", before, "capture", after)))
                .map(captures -> pages.page(request, "browse/capture", Map.copyOf(captures)))
                .orElseGet(() -> missing.note(request, id));
    }

    private Optional<CaptureContent> find(String id, String captured) {
        try {
            Instant time = Instant.parse(captured);
            return NoteId.parse(id).flatMap(note -> notes.capture(note, time));
        } catch (DateTimeParseException _) {
            return Optional.empty();
        }
    }

    @GetMapping("/authors/{id}")
    ResponseEntity<String> author(
            HttpServletRequest request,
            @PathVariable String id,
            @RequestParam(required = false) @Nullable String after,
            @RequestParam(required = false) @Nullable String before) {
        return notes.author(id)
                .map(author -> {
                    Cards found = cards.page(NoteFilter.author(id), after, before, CARDS);
                    Map<String, Object> model = Map.of("author", author, "names", notes.names(id), "cards", found);
                    return pages.page(request, "browse/author", model);
                })
                .orElseThrow(NoteController::unknown);
    }

    /** A name that a path cannot contain is a parameter, see {@link Site#topic}. */
    @GetMapping({"/topics/{name}", "/topics"})
    ResponseEntity<String> topic(
            HttpServletRequest request,
            @PathVariable(required = false) @Nullable String name,
            @RequestParam(name = "name", defaultValue = "") String parameter,
            @RequestParam(required = false) @Nullable String after,
            @RequestParam(required = false) @Nullable String before) {
        String topic = name == null ? parameter : name;
        long count = notes.notesWithTopic(topic);
        if (count == 0) {
            throw unknown();
        }
        Cards found = cards.page(NoteFilter.topic(topic), after, before, CARDS);
        return pages.page(request, "browse/topic", Map.of("name", topic, "notes", count, "cards", found));
    }

    @GetMapping("/files/{sha256}")
    ResponseEntity<String> file(HttpServletRequest request, @PathVariable String sha256) {
        return notes.file(sha256)
                .map(file -> pages.page(
                        request, "browse/file", Map.of("file", file, "uses", notes.uses(sha256, USES), "most", USES)))
                .orElseThrow(NoteController::unknown);
    }

    private static ResponseStatusException unknown() {
        return new ResponseStatusException(HttpStatus.NOT_FOUND);
    }
}
