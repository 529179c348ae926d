package io.github.notearchive.browse;

import io.github.notearchive.archive.query.NoteCards;
import io.github.notearchive.archive.query.NoteCards.Card;
import io.github.notearchive.archive.query.NoteCards.CardOrder;
import io.github.notearchive.archive.query.NoteCards.Cards;
import io.github.notearchive.archive.query.NoteCards.MonthCount;
import io.github.notearchive.archive.query.NoteCards.Suggestion;
import io.github.notearchive.archive.query.NoteFilter;
import io.github.notearchive.archive.query.NoteResults;
import io.github.notearchive.archive.query.NoteResults.FoundNotes;
import jakarta.servlet.http.HttpServletRequest;
import java.util.List;
import java.util.Map;
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

    private final NoteCards notes;
    private final NoteResults results;
    private final PageRenderer pages;

    WallController(NoteCards notes, NoteResults results, PageRenderer pages) {
        this.notes = notes;
        this.results = results;
        this.pages = pages;
    }

    /** @param page number of a page, from 1, in another order than the newest first, which has positions */
    @GetMapping("/")
    ResponseEntity<String> wall(
            HttpServletRequest request,
            @RequestParam(defaultValue = "") String q,
            @RequestParam(defaultValue = "PUBLISHED") CardOrder order,
            @RequestParam(defaultValue = "1") int page,
            @RequestParam(required = false) @Nullable String after,
            @RequestParam(required = false) @Nullable String before) {
        try {
            Search search = new Search(NoteFilter.parse(q), order);
            FoundNotes result = search.isAll() ? null : results.find(search.filter(), order);
            Cards cards = result == null || order == CardOrder.PUBLISHED
                    ? notes.page(search.filter(), after, before, CARDS)
                    : section(result, page);
            List<MonthCount> months = result == null || search.isMonth() ? notes.months() : result.months();
            Wall wall = new Wall(search, cards, result, months, suggestions(q), null);
            return pages.page(request, "browse/wall", Map.of("wall", wall));
        } catch (IllegalArgumentException e) {
            Wall wall = new Wall(
                    new Search(NoteFilter.all(), order),
                    new Cards(List.of(), null, null),
                    null,
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

    /** Returns the cards of a page, whose neighbours have its number before and after it. */
    private Cards section(FoundNotes result, int page) {
        int notes = result.ids().size();
        if (page < 1 || page > Math.max(1, Math.ceilDiv(notes, CARDS))) {
            throw new IllegalArgumentException("There is no page " + page);
        }
        int end = Math.min(notes, page * CARDS);
        List<Card> cards = this.notes.cards(result.ids().subList((page - 1) * CARDS, end));
        return new Cards(
                cards, page == 1 ? null : String.valueOf(page - 1), end == notes ? null : String.valueOf(page + 1));
    }

    /**
     * Model of the template.
     *
     * @param result null for all notes, the newest first
     * @param months months of the result; of all notes, where the filter has no other term than a month
     * @param error why the filter is invalid; null if it is valid
     */
    record Wall(
            Search search,
            Cards cards,
            @Nullable FoundNotes result,
            List<MonthCount> months,
            List<Suggestion> suggestions,
            @Nullable String error) {}
}
