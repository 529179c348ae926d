package io.github.notearchive.archive.query;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Term of a {@link NoteFilter}: a condition on a note, or a combination of conditions. */
sealed interface FilterTerm {

    /** Text that a value or a word needs no quotes for. */
    Pattern PLAIN = Pattern.compile("[^\\s\\p{Z}\"“”＂：,()-][^\\s\\p{Z}\"“”＂：,()]*");

    /** Terms that must all match; none for all notes. */
    record All(List<FilterTerm> terms) implements FilterTerm {

        /** Combines terms, flat. */
        static FilterTerm of(List<FilterTerm> terms) {
            List<FilterTerm> flat = terms.stream()
                    .flatMap(term -> term instanceof All(var inner) ? inner.stream() : List.of(term).stream())
                    .toList();
            return flat.size() == 1 ? flat.getFirst() : new All(flat);
        }

        /** Words become one condition, so that the index is read once for all of them. */
        private String conditions(Rendering rendering) {
            List<String> words = new ArrayList<>();
            List<String> conditions = new ArrayList<>();
            for (FilterTerm term : terms) {
                if (term instanceof Words each && !each.isPhrase()) {
                    words.add(each.words);
                } else {
                    conditions.add("(" + term.sql(rendering) + ")");
                }
            }
            if (!words.isEmpty()) {
                conditions.add("(" + new Words(String.join(" ", words)).condition(rendering, false) + ")");
            }
            return conditions.isEmpty() ? "true" : String.join(" AND ", conditions);
        }
    }

    /** Terms of which one must match. */
    record Any(List<FilterTerm> terms) implements FilterTerm {}

    /** Negated term. Matches also where the term depends on missing values. */
    record Not(FilterTerm term) implements FilterTerm {}

    /** Word or phrase of the searched text of a note, as {@code search_note} compares them. */
    record Words(String words) implements FilterTerm {

        private boolean isPhrase() {
            return words.chars().anyMatch(c -> Character.isWhitespace(c) || Character.isSpaceChar(c));
        }

        /** Reads candidates from both indexes, so that no other rows are read. */
        private String condition(Rendering rendering, boolean isPhrase) {
            String parameter = rendering.parameter(words);
            String matches =
                    """
                    (%s OR EXISTS (SELECT FROM note_media m
                                   WHERE m.note_id = n.note_id AND m.kind = 'SUBTITLE' AND %s OFFSET 0))
                    """.formatted(compared("n.search", parameter, isPhrase), compared("m.words", parameter, isPhrase));
            return rendering.isScan ? matches : """
                    (search_grams(n.search) @> (SELECT search_wanted(%1$s))
                     OR n.note_id = ANY (ARRAY(
                         SELECT m.note_id FROM note_media m
                         WHERE m.words IS NOT NULL AND search_grams(m.words) @> (SELECT search_wanted(%1$s)))))
                    AND %2$s
                    """.formatted(parameter, matches);
        }

        private static String compared(String column, String parameter, boolean isPhrase) {
            String words = "%1$s COLLATE \"C\" LIKE ALL ((SELECT search_patterns(%2$s))::text[])";
            String phrase =
                    " AND strpos(translate(%1$s, E'\\n\\r\\t', '   ') COLLATE \"C\", (SELECT search_text(%2$s))) > 0";
            return (isPhrase ? words + phrase : words).formatted(column, parameter);
        }
    }

    /** The id of an author, also one that is the name of another. */
    record AuthorId(String id) implements FilterTerm {}

    /** Key with values, of which one must match. */
    record Match(FilterKey key, List<String> values) implements FilterTerm {}

    /** Returns the term as it is written in a filter. */
    default String text() {
        return switch (this) {
            case All(var terms) ->
                terms.stream()
                        .map(term -> term instanceof Any ? "(" + term.text() + ")" : term.text())
                        .collect(Collectors.joining(" "));
            case Any(var terms) -> terms.stream().map(FilterTerm::text).collect(Collectors.joining(" OR "));
            case Not(var term) ->
                term instanceof All || term instanceof Any ? "-(" + term.text() + ")" : "-" + term.text();
            case Words(var words) -> quoted(words, words.indexOf(':') < 0 && !words.equals("OR"));
            case AuthorId(var id) -> new Match(FilterKey.AUTHOR, List.of(id)).text();
            case Match(var key, var values) ->
                values.stream()
                        .map(value -> quoted(value, true))
                        .collect(Collectors.joining(",", key.text() + ":", ""));
        };
    }

    private static String quoted(String text, boolean mayBePlain) {
        return mayBePlain && PLAIN.matcher(text).matches() ? text : "\"" + text + "\"";
    }

    /** Returns the SQL condition, and adds its parameters. */
    default String sql(Rendering rendering) {
        return switch (this) {
            case All all -> all.conditions(rendering);
            case Any(var terms) ->
                terms.stream().map(term -> "(" + term.sql(rendering) + ")").collect(Collectors.joining(" OR "));
            case Not(var term) -> "(" + term.sql(rendering.scan()) + ") IS NOT TRUE"; // no index serves negated words
            case Words words -> words.condition(rendering, words.isPhrase());
            case AuthorId(var id) -> "n.author_id = " + rendering.parameter(id);
            case Match(var key, var values) -> key.sql(values, rendering);
        };
    }

    /** Returns whether an index finds the notes of the term; only used for terms that rarely match. */
    default boolean isIndexed() {
        return switch (this) {
            case All(var terms) -> terms.stream().anyMatch(FilterTerm::isIndexed);
            case Any(var terms) -> terms.stream().allMatch(FilterTerm::isIndexed);
            case Not _ -> false;
            case Words _, AuthorId _ -> true;
            case Match match -> match.key.isIndexed();
        };
    }

    /**
     * SQL being written, and its parameters.
     *
     * @param isScan whether rows are read anyway, so that conditions for an index only cost time
     */
    record Rendering(String prefix, boolean isScan, Map<String, Object> parameters) {

        Rendering(boolean isScan) {
            this(isScan ? "scan" : "term", isScan, new HashMap<>());
        }

        private Rendering scan() {
            return new Rendering(prefix, true, parameters);
        }

        /** Returns the name of a new parameter with a colon. */
        String parameter(Object value) {
            String name = prefix + parameters.size();
            parameters.put(name, value);
            return ":" + name;
        }
    }

    /**
     * Returns a text with ASCII letters in lower case, as the database does in every locale with {@code COLLATE "C"}.
     */
    static String lower(String text) {
        return Pattern.compile("[A-Z]+")
                .matcher(text)
                .replaceAll(found -> found.group().toLowerCase(Locale.ROOT));
    }

    /** Returns the first 100 characters, by which the database finds names: an index entry must not be long. */
    static String beginning(String name) {
        return name.codePointCount(0, name.length()) <= 100 ? name : name.substring(0, name.offsetByCodePoints(0, 100));
    }
}
