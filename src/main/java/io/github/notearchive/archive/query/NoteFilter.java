package io.github.notearchive.archive.query;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import io.github.notearchive.archive.query.FilterTerm.All;
import io.github.notearchive.archive.query.FilterTerm.Any;
import io.github.notearchive.archive.query.FilterTerm.AuthorId;
import io.github.notearchive.archive.query.FilterTerm.Match;
import io.github.notearchive.archive.query.FilterTerm.Not;
import io.github.notearchive.archive.query.FilterTerm.Rendering;
import io.github.notearchive.archive.query.FilterTerm.Words;
import io.github.notearchive.archive.query.InvalidFilterException.Problem;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.commons.lang3.ArrayUtils;
import org.jspecify.annotations.Nullable;

/**
 * Filter of notes, as typed into the search box: words, {@code "phrases"} and terms {@code key:value,value}. All terms
 * must match; {@code OR} separates alternatives, {@code -} negates a term, parentheses group. Immutable.
 */
public final class NoteFilter {

    private static final int LONGEST = 1000;
    private static final int MOST_TERMS = 50;
    private static final Pattern MONTH = Pattern.compile("published:\\d{4}-\\d{2}");

    private static final NoteFilter ALL = new NoteFilter(new All(List.of()));

    private final FilterTerm term;
    private final String text;
    private final Rendering indexed = new Rendering(false);
    private final String condition;

    private NoteFilter(FilterTerm term) {
        this.term = term;
        this.text = term.text();
        this.condition = term.sql(indexed);
    }

    /**
     * Parses a filter. A blank text is the filter of all notes.
     *
     * @throws IllegalArgumentException with the invalid term, and what is allowed
     */
    @JsonCreator
    public static NoteFilter parse(String text) {
        if (text.length() > LONGEST) {
            throw new InvalidFilterException(Problem.TOO_LONG, text.length(), LONGEST);
        }
        return new NoteFilter(new Parser(text).parse());
    }

    public static NoteFilter all() {
        return ALL;
    }

    /** Returns the filter of the notes of the author with an id, not of an author with that name; any id is allowed. */
    public static NoteFilter author(String id) {
        return new NoteFilter(new AuthorId(id));
    }

    /** Returns the filter of the notes of these authors, by the values of the term {@code author:}. */
    static NoteFilter authors(List<String> values) {
        return new NoteFilter(new Match(FilterKey.AUTHOR, values));
    }

    /** Returns the filter of the notes with a topic; any name is allowed, also one that a text cannot quote. */
    public static NoteFilter topic(String name) {
        return new NoteFilter(new Match(FilterKey.TOPIC, List.of(name)));
    }

    /** Returns the canonical text. */
    @JsonValue
    public String text() {
        return text;
    }

    public NoteFilter and(NoteFilter other) {
        return new NoteFilter(All.of(List.of(term, other.term)));
    }

    /** Returns the SQL condition on {@code note n} and {@code worklist w}, either of which may be NULL. */
    public String condition() {
        return condition;
    }

    public Map<String, Object> parameters() {
        return Map.copyOf(indexed.parameters());
    }

    /** Returns whether a term may name an author, as words do. */
    public boolean namesAuthor() {
        return namesAuthor(term);
    }

    private static boolean namesAuthor(FilterTerm term) {
        return switch (term) {
            case All(var terms) -> terms.stream().anyMatch(NoteFilter::namesAuthor);
            case Any(var terms) -> terms.stream().anyMatch(NoteFilter::namesAuthor);
            case Not(var inner) -> namesAuthor(inner);
            case Match match -> match.key() == FilterKey.AUTHOR;
            default -> true;
        };
    }

    /** Returns whether all notes of the filter match the terms of the other one by name. */
    public boolean requires(NoteFilter other) {
        return terms().containsAll(other.terms());
    }

    /** Returns this filter without the terms of the other one. */
    public NoteFilter without(NoteFilter other) {
        return new NoteFilter(All.of(
                terms().stream().filter(Predicate.not(other.terms()::contains)).toList()));
    }

    /** Returns the words and phrases that the notes contain, or one of which they do. */
    public List<String> words() {
        return words(term).distinct().toList();
    }

    private static Stream<String> words(FilterTerm term) {
        return switch (term) {
            case All(var terms) -> terms.stream().flatMap(NoteFilter::words);
            case Any(var terms) -> terms.stream().flatMap(NoteFilter::words);
            case Words(var words) -> Stream.of(words);
            default -> Stream.empty();
        };
    }

    /** Returns the terms of one month of publication; a filter of all notes if there is none. */
    public NoteFilter month() {
        return new NoteFilter(All.of(terms().stream()
                .filter(term -> isPublished(term) && MONTH.matcher(term.text()).matches())
                .toList()));
    }

    /**
     * Returns the reasons that the terms {@code media-reason:} name, without those within alternatives and negations.
     */
    public List<String> mediaReasons() {
        return terms().stream()
                .flatMap(term -> term instanceof Match(var key, var values) && key == FilterKey.MEDIA_REASON
                        ? values.stream()
                        : Stream.empty())
                .map(value -> value.toUpperCase(Locale.ROOT))
                .distinct()
                .toList();
    }

    record Condition(String sql, Map<String, Object> parameters) {}

    /** Returns the condition for rows that are read in any case. */
    Condition scan() {
        Rendering rendering = new Rendering(true);
        return new Condition(term.sql(rendering), rendering.parameters());
    }

    /** Returns the terms on the time of publication, which all notes of the filter match. */
    Condition published() {
        Rendering rendering = new Rendering("published", true, new HashMap<>());
        return new Condition(
                All.of(terms().stream().filter(NoteFilter::isPublished).toList())
                        .sql(rendering),
                rendering.parameters());
    }

    /** Returns whether the filter has no other terms than those on the time of publication. */
    boolean isPublishedOnly() {
        return terms().stream().allMatch(NoteFilter::isPublished);
    }

    /** Returns whether an index finds the notes that match, or most of them. */
    boolean isIndexed() {
        return term.isIndexed();
    }

    private List<FilterTerm> terms() {
        return term instanceof All(var terms) ? terms : List.of(term);
    }

    private static boolean isPublished(FilterTerm term) {
        return term instanceof Match match && match.key() == FilterKey.PUBLISHED;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof NoteFilter filter && filter.term.equals(term);
    }

    @Override
    public int hashCode() {
        return term.hashCode();
    }

    @Override
    public String toString() {
        return text;
    }

    /** Recursive parser: alternatives, then terms that must all match, then one term. */
    private static final class Parser {

        /** Any character that the search does not ignore. */
        private static final Pattern VISIBLE = Pattern.compile("[^\\s\\p{Z}\\p{C}\\ufe0e\\ufe0f]");

        private static final Pattern OR = Pattern.compile("OR(?=[\\s\\p{Z}(]|$)");

        private final String text;
        private int position;
        private int terms;
        private int depth;

        /**
         * Control characters, which the database may reject, separate words; a Chinese keyboard types wide quotes, and
         * a wide colon after a key.
         */
        Parser(String text) {
            this.text = text.replaceAll("[\\p{Cc}\\p{Cs}]", " ")
                    .replaceAll("[“”＂]", "\"")
                    .replaceAll("(?i)(?<![^\\s\\p{Z}(-])(" + FilterKey.names("|") + ")：", "$1:");
        }

        FilterTerm parse() {
            skipBlanks();
            if (isAtEnd()) {
                return new All(List.of());
            }
            FilterTerm parsed = alternatives();
            if (!isAtEnd()) {
                throw invalid(Problem.CLOSES_NONE);
            }
            return parsed;
        }

        private FilterTerm alternatives() {
            List<FilterTerm> alternatives = new ArrayList<>();
            do {
                List<FilterTerm> group = new ArrayList<>();
                while (!isAtEnd() && peek() != ')' && !isOr()) {
                    group.add(term());
                    skipBlanks();
                }
                if (group.isEmpty()) {
                    throw invalid(Problem.TERM_MISSING);
                }
                FilterTerm all = All.of(group);
                alternatives.addAll(all instanceof Any(var inner) ? inner : List.of(all));
            } while (skipOr());
            return alternatives.size() == 1 ? alternatives.getFirst() : new Any(alternatives);
        }

        private FilterTerm term() {
            if (++depth > MOST_TERMS) {
                throw invalid(Problem.TOO_DEEP, MOST_TERMS);
            }
            FilterTerm term = negatedOrSingle();
            depth--;
            return term;
        }

        private FilterTerm negatedOrSingle() {
            if (peek() == '-' && position + 1 < text.length() && !isBlank(text.charAt(position + 1))) {
                position++;
                FilterTerm negated = term();
                return negated instanceof Not(var inner) ? inner : new Not(negated);
            }
            if (peek() == '(') {
                position++;
                skipBlanks();
                FilterTerm group = alternatives();
                if (isAtEnd()) {
                    throw invalid(Problem.NOT_CLOSED);
                }
                position++;
                return group;
            }
            if (++terms > MOST_TERMS) {
                throw invalid(Problem.TOO_MANY, MOST_TERMS);
            }
            boolean isQuoted = peek() == '"';
            String word = isQuoted ? quoted() : until(":\"()");
            if (isQuoted || isAtEnd() || peek() != ':') {
                if (!VISIBLE.matcher(word).find()) {
                    throw invalid(Problem.NO_WORD, word);
                }
                return new Words(word.strip());
            }
            position++;
            return match(FilterKey.of(word));
        }

        private FilterTerm match(FilterKey key) {
            List<String> values = new ArrayList<>();
            do {
                values.add(key.canonical(!isAtEnd() && peek() == '"' ? quoted() : until(",\"()")));
            } while (!isAtEnd() && peek() == ',' && ++position > 0);
            return new Match(key, values.stream().distinct().toList());
        }

        private String quoted() {
            int end = text.indexOf('"', position + 1);
            if (end < 0) {
                throw invalid(Problem.QUOTE);
            }
            String quoted = text.substring(position + 1, end);
            position = end + 1;
            return quoted;
        }

        private String until(String ends) {
            int begin = position;
            while (!isAtEnd() && !isBlank(peek()) && ends.indexOf(peek()) < 0) {
                position++;
            }
            return text.substring(begin, position);
        }

        private boolean isOr() {
            return OR.matcher(text).region(position, text.length()).lookingAt();
        }

        private boolean skipOr() {
            if (!isOr()) {
                return false;
            }
            position += 2;
            skipBlanks();
            return true;
        }

        private void skipBlanks() {
            while (!isAtEnd() && isBlank(peek())) {
                position++;
            }
        }

        private static boolean isBlank(char c) {
            return Character.isWhitespace(c) || Character.isSpaceChar(c);
        }

        private boolean isAtEnd() {
            return position >= text.length();
        }

        private char peek() {
            return text.charAt(position);
        }

        private InvalidFilterException invalid(Problem problem, Object... others) {
            return new InvalidFilterException(problem, ArrayUtils.insert(0, others, text.strip()));
        }
    }
}
