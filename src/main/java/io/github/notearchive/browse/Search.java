package io.github.notearchive.browse;

import io.github.notearchive.archive.query.NoteCards.CardOrder;
import io.github.notearchive.archive.query.NoteFilter;
import java.util.LinkedHashMap;
import java.util.Map;

/** Search of a reader, with the addresses of its result and of others near it. */
record Search(NoteFilter filter, CardOrder order) {

    /** Terms that a reader adds and removes, by the keys of their names. */
    private static final Map<String, NoteFilter> CHIPS = new LinkedHashMap<>();

    static {
        CHIPS.put("mark.VIDEO", NoteFilter.parse("type:video"));
        CHIPS.put("mark.LIVE", NoteFilter.parse("has:live"));
        CHIPS.put("mark.SOUND", NoteFilter.parse("has:sound"));
        CHIPS.put("mark.GAP", NoteFilter.parse("has:gap"));
        CHIPS.put("mark.GONE", NoteFilter.parse("gone:yes"));
        CHIPS.put("mark.EDITED", NoteFilter.parse("edited:yes"));
        CHIPS.put("wall.commented", NoteFilter.parse("comments:>0"));
    }

    /** Returns whether these are all notes, the newest first. */
    boolean isAll() {
        return equals(new Search(NoteFilter.all(), CardOrder.PUBLISHED));
    }

    /** Returns whether the filter has no other terms than a month. */
    boolean isMonth() {
        return filter.without(filter.month()).equals(NoteFilter.all());
    }

    Map<String, NoteFilter> chips() {
        return CHIPS;
    }

    boolean isIn(String month) {
        return filter.requires(NoteFilter.parse("published:" + month));
    }

    /** Returns the search for the notes of a month; of all months if it is the one of this search. */
    Search in(String month) {
        NoteFilter others = filter.without(filter.month());
        return new Search(isIn(month) ? others : others.and(NoteFilter.parse("published:" + month)), order);
    }

    /** Returns the search with a term, or without it if this search has it. */
    Search toggled(NoteFilter term) {
        return new Search(filter.requires(term) ? filter.without(term) : filter.and(term), order);
    }

    Search by(CardOrder other) {
        return new Search(filter, other);
    }

    FoundWords words() {
        return new FoundWords(filter.words());
    }

    /** Returns the address of the result. */
    String address() {
        String path = filter.equals(NoteFilter.all()) ? "/" : Site.search(filter.text());
        return order == CardOrder.PUBLISHED ? path : path + (path.equals("/") ? "?" : "&") + "order=" + order;
    }

    /** Returns the query of the address of a note of the result, which leads from it to the next one. */
    String within() {
        String query = "?" + NoteController.WITHIN + "=" + Site.encode(filter.text());
        return isAll() ? "" : order == CardOrder.PUBLISHED ? query : query + "&order=" + order;
    }
}
