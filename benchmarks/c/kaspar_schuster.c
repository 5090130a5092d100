/* Number of Lempel-Ziv 1976 phrases of n bytes, as Kaspar and Schuster scan for them
   (Physical Review A 36:842, 1987): for each phrase every earlier start is tried, O(n^2).
   A last phrase that the input cuts short counts. The peer, written to be plain and fast. */
#include <stddef.h>
#include <stdint.h>

size_t kaspar_schuster(const uint8_t *symbols, size_t n)
{
    size_t phrases = 0, known = 0;
    while (known < n) {
        size_t longest = 0;
        for (size_t start = 0; start < known && known + longest < n; start++) {
            size_t match = 0;
            while (known + match < n && symbols[start + match] == symbols[known + match])
                match++;
            if (match > longest)
                longest = match;
        }
        phrases++;
        known += longest + 1;
    }
    return phrases;
}
