package io.github.notearchive.browse;

import io.github.notearchive.archive.worklist.ErasureList;
import io.github.notearchive.archive.worklist.WorklistRepository;
import io.github.notearchive.note.NoteId;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.DateTimeException;
import java.util.HashMap;
import java.util.Map;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;

/** Pages of unknown notes and of requests that name impossible positions or times. */
@RestControllerAdvice(
        assignableTypes = {ChangesController.class, NightsController.class, NoteController.class, WallController.class})
final class MissingPage {

    private final PageRenderer pages;
    private final WorklistRepository worklist;
    private final ErasureList erased;

    MissingPage(PageRenderer pages, WorklistRepository worklist, ErasureList erased) {
        this.pages = pages;
        this.worklist = worklist;
        this.erased = erased;
    }

    /**
     * Returns the page of an unknown note, with its state if it is on the worklist. An erased note is as unknown as one
     * that was never enqueued.
     */
    ResponseEntity<String> note(HttpServletRequest request, String text) {
        Map<String, Object> parameters = new HashMap<>(Map.of("name", text));
        NoteId.parse(text).ifPresent(id -> {
            parameters.put("id", id);
            if (erased.find(id).isEmpty()) {
                worklist.find(id).ifPresent(entry -> parameters.put("entry", entry));
            }
        });
        return pages.page(request, HttpStatus.NOT_FOUND, "browse/missing", parameters);
    }

    /** A broken position within a list, or a value that the database cannot represent. */
    @ExceptionHandler({IllegalArgumentException.class, DateTimeException.class, DataIntegrityViolationException.class})
    void invalid(HttpServletResponse response) throws IOException {
        response.sendError(HttpServletResponse.SC_BAD_REQUEST);
    }
}
