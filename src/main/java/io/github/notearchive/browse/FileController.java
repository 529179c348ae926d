package io.github.notearchive.browse;

import io.github.notearchive.archive.stats.FileUses;
import io.github.notearchive.archive.stats.FileUses.FileLine;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Map;
import java.util.Optional;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;

/** Page of a stored file: the notes that use it, and its last verification. */
@RestController
record FileController(FileUses files, PageRenderer pages, MissingPage missing) {

    /** Slots that are listed; a sound may be used by thousands of notes. */
    private static final int USES = 200;

    @GetMapping("/files/{sha256}")
    ResponseEntity<String> file(HttpServletRequest request, @PathVariable String sha256) {
        Optional<FileLine> file = files.find(sha256);
        return file.isEmpty()
                ? missing.of(request, "missing.file", sha256)
                : pages.page(
                        request,
                        "browse/file",
                        Map.of("file", file.get(), "uses", files.notes(sha256, USES), "most", USES));
    }
}
