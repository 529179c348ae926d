package io.github.notearchive.browse;

import io.github.notearchive.archive.stats.AuthorView;
import io.github.notearchive.archive.stats.AuthorView.AuthorLine;
import io.github.notearchive.archive.stats.NoteCards;
import io.github.notearchive.archive.stats.NoteFilter;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Pages of an author and of a topic, with their notes. */
@RestController
record AuthorController(AuthorView authors, NoteCards cards, PageRenderer pages, MissingPage missing) {

    private static final int CARDS = 60;

    @GetMapping("/authors/{id}")
    ResponseEntity<String> author(
            HttpServletRequest request,
            @PathVariable String id,
            @RequestParam(required = false) @Nullable String after,
            @RequestParam(required = false) @Nullable String before) {
        Optional<AuthorLine> author = authors.find(id);
        if (author.isEmpty()) {
            return missing.of(request, "missing.author", id);
        }
        return pages.page(
                request,
                "browse/author",
                Map.of(
                        "author", author.get(),
                        "names", authors.names(id),
                        "cards", cards.page(NoteFilter.author(id), after, before, CARDS)));
    }

    /** A name that a path cannot contain is a parameter, see {@link NotePage#topicPath}. */
    @GetMapping({"/topics/{name}", "/topics"})
    ResponseEntity<String> topic(
            HttpServletRequest request,
            @PathVariable(required = false) @Nullable String name,
            @RequestParam(name = "name", defaultValue = "") String parameter,
            @RequestParam(required = false) @Nullable String after,
            @RequestParam(required = false) @Nullable String before) {
        String topic = name == null ? parameter : name;
        long notes = authors.notesWithTopic(topic);
        if (notes == 0) {
            return missing.of(request, "missing.topic", topic);
        }
        return pages.page(
                request,
                "browse/topic",
                Map.of(
                        "name", topic,
                        "notes", notes,
                        "cards", cards.page(NoteFilter.topic(topic), after, before, CARDS)));
    }
}
