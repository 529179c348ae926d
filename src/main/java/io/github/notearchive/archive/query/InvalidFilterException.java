package io.github.notearchive.archive.query;

import java.util.List;

/** A filter that cannot be parsed, with its problem for readers of other languages. */
public final class InvalidFilterException extends IllegalArgumentException {

    private final Problem problem;
    private final transient List<Object> arguments;

    InvalidFilterException(Problem problem, Object... arguments) {
        super(problem.english.formatted(arguments));
        this.problem = problem;
        this.arguments = List.of(arguments);
    }

    /** What is wrong; the message in English is a format of the arguments. */
    public enum Problem {
        TOO_LONG("the filter has %d characters, but may have %d"),
        UNKNOWN_KEY("\"%s:\" is not a key of a filter; keys are %s. Put a word with a colon into quotes"),
        INVALID_VALUE("\"%s:%s\" is not a term of a filter: %1$s: takes %3$s"),
        CLOSES_NONE("the filter \"%s\" is not valid: a parenthesis ) closes none"),
        NOT_CLOSED("the filter \"%s\" is not valid: a parenthesis ( is not closed"),
        TERM_MISSING("the filter \"%s\" is not valid: a term is missing; terms are words, \"phrases\" and key:value"),
        TOO_DEEP("the filter \"%s\" is not valid: %d parentheses or minuses may be nested"),
        TOO_MANY("the filter \"%s\" is not valid: it may have %d terms"),
        NO_WORD("the filter \"%s\" is not valid: \"%s\" contains no word"),
        QUOTE("the filter \"%s\" is not valid: a quote \" is not closed");

        private final String english;

        Problem(String english) {
            this.english = english;
        }
    }

    public Problem problem() {
        return problem;
    }

    public List<Object> arguments() {
        return arguments;
    }
}
