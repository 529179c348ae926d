package io.github.notearchive.note;

/** Billing of a call. The names are stored in {@code api_call.billed}. */
public enum Billed {
    YES,
    NO,
    /** The request may have been sent without a response, or the price of the code is not documented. */
    UNKNOWN
}
