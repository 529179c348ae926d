package io.github.notearchive.browse;

import io.github.notearchive.archive.stats.NoteView;
import io.github.notearchive.archive.stats.NoteView.CaptureContent;
import io.github.notearchive.archive.stats.NoteView.NoteContent;
import io.github.notearchive.archive.worklist.WorklistRepository;
import io.github.notearchive.archive.worklist.WorklistRepository.WorklistEntry;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.report.NoteHistories;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Pages of a note: the note, one response about it, and the difference of two responses. */
@RestController
record NoteController(
        NoteView notes, WorklistRepository worklist, NoteHistories histories, PageRenderer pages, MissingPage missing) {

    @GetMapping("/notes/{id}")
    ResponseEntity<String> note(HttpServletRequest request, @PathVariable String id) {
        Optional<NoteContent> found = NoteId.parse(id).flatMap(notes::find);
        if (found.isEmpty()) {
            return missing.ofNote(request, id);
        }
        NoteId note = found.get().id();
        Optional<WorklistEntry> entry = worklist.find(note);
        NotePage page = new NotePage(
                found.get(),
                notes.files(note),
                notes.topics(note),
                notes.mentions(note),
                notes.captures(note),
                notes.neighbours(note),
                entry.orElse(null),
                entry.map(histories::of).map(NoteHistories.History::events).orElse(List.of()));
        return pages.page(request, "browse/note", Map.of("page", page));
    }

    @GetMapping("/notes/{id}/captures/{captured}")
    ResponseEntity<String> capture(HttpServletRequest request, @PathVariable String id, @PathVariable String captured) {
        Optional<CaptureContent> found = find(id, captured);
        if (found.isEmpty()) {
            return missing.ofNote(request, id);
        }
        CaptureContent capture = found.get();
        return pages.page(
                request,
                "browse/capture",
                Map.of("capture", capture, "comments", notes.comments(capture.id(), capture.capturedAt())));
    }

    @GetMapping("/notes/{id}/diff")
    ResponseEntity<String> difference(
            HttpServletRequest request, @PathVariable String id, @RequestParam String from, @RequestParam String to) {
        Optional<CaptureContent> before = find(id, from);
        Optional<CaptureContent> after = find(id, to);
        if (before.isEmpty() || after.isEmpty()) {
            return missing.ofNote(request, id);
        }
        return pages.page(request, "browse/capture", Map.of("before", before.get(), "capture", after.get()));
    }

    private Optional<CaptureContent> find(String id, String captured) {
        try {
            Instant time = Instant.parse(captured);
            return NoteId.parse(id).flatMap(note -> notes.capture(note, time));
        } catch (DateTimeParseException _) {
            return Optional.empty();
        }
    }
}
