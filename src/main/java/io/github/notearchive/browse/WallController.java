package io.github.notearchive.browse;

import io.github.notearchive.archive.query.NoteCards;
import io.github.notearchive.archive.query.NoteCards.Cards;
import io.github.notearchive.archive.query.NoteCards.MonthCount;
import io.github.notearchive.archive.query.NoteCards.Suggestion;
import io.github.notearchive.archive.query.NoteFilter;
import jakarta.servlet.http.HttpServletRequest;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** The wall of notes, newest first, which also shows the result of a search, and suggestions for the search box. */
@RestController
final class WallController {

    private static final int CARDS = 48;
    private static final int SUGGESTIONS = 8;

    private static final Pattern MONTH = Pattern.compile("(?:^|\\s)published:(\\d{4}-\\d{2})(?=\\s|$)");

    private final NoteCards notes;
    private final PageRenderer pages;

    WallController(NoteCards notes, PageRenderer pages) {
        this.notes = notes;
        this.pages = pages;
    }

    @GetMapping("/")
    ResponseEntity<String> wall(
            HttpServletRequest request,
            @RequestParam(defaultValue = "") String q,
            @RequestParam(required = false) @Nullable String month,
            @RequestParam(required = false) @Nullable String after,
            @RequestParam(required = false) @Nullable String before) {
        String text = month == null ? q : withMonth(q, month);
        try {
            if (month != null && !month.matches("\\d{4}-\\d{2}")) {
                throw new IllegalArgumentException("\"" + month + "\" is not a month, such as 2026-03");
            }
            NoteFilter filter = NoteFilter.parse(text);
            Cards cards = notes.page(filter, after, before, CARDS);
            List<MonthCount> months = withoutMonth(text).isEmpty() ? notes.months() : List.of();
            Wall wall = new Wall(text, cards, months, suggestions(text), null);
            return pages.page(request, "browse/wall", Map.of("wall", wall));
        } catch (IllegalArgumentException e) {
            Wall wall = new Wall(
                    text,
                    new Cards(List.of(), null, null),
                    List.of(),
                    List.of(),
                    pages.site(request).texts().problem(e));
            return pages.page(request, HttpStatus.BAD_REQUEST, "browse/wall", Map.of("wall", wall));
        }
    }

    /** Returns authors and topics that begin with a text, with the term to put into the search box. */
    @GetMapping("/suggest")
    List<Suggestion> suggest(@RequestParam String q) {
        return q.isBlank() ? List.of() : notes.suggest(q.strip(), SUGGESTIONS);
    }

    /** Returns authors and topics whose names begin with the search, if it is one word or name. */
    private List<Suggestion> suggestions(String filter) {
        return filter.isBlank() || filter.matches(".*[:\"].*|-.*") ? List.of() : suggest(filter);
    }

    private static String withMonth(String filter, String month) {
        return (withoutMonth(filter) + " published:" + month).strip();
    }

    private static String withoutMonth(String filter) {
        return MONTH.matcher(filter).replaceAll("").strip();
    }

    /**
     * Model of the template.
     *
     * @param months months of all notes, where the filter has no other term than a month
     * @param error why the filter is invalid; null if it is valid
     */
    record Wall(
            String filter,
            Cards cards,
            List<MonthCount> months,
            List<Suggestion> suggestions,
            @Nullable String error) {

        /** Returns the month of the filter; null if it has none. */
        @Nullable
        String month() {
            Matcher month = MONTH.matcher(filter);
            return month.find() ? month.group(1) : null;
        }

        /** Returns the address of the notes of a month; of all months if it is the one shown. */
        String in(String month) {
            String text = month.equals(month()) ? withoutMonth(filter) : withMonth(filter, month);
            return text.isEmpty() ? "/" : Site.search(text);
        }
    }
}
