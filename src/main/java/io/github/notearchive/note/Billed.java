package io.github.notearchive.note;

/** Whether the provider charges for a call. The names stand in the column {@code api_call.billed}. */
public enum Billed {
    YES,
    NO,
    /** The request may have left and nobody told us; or the code is one whose price is not documented. */
    UNKNOWN
}
