/* Picks of the simple exclusion process on a grid of bytes with closed walls, the plain loop: a
   slot is 2 * cell + direction; bits 1 and 2 of a cell say whether it has an edge to the right and
   down, so that nothing branches. Two picks to a draw of xoshiro256++ (Blackman and Vigna 2021,
   doi:10.1145/3460772). After the last row the grid has columns + 1 cells without edges. The peer,
   written to be plain and fast: its generator lives in registers. */
#include <stddef.h>
#include <stdint.h>

static inline uint64_t rotate(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }

static inline uint64_t draw(uint64_t s[4])
{
    uint64_t result = rotate(s[0] + s[3], 23) + s[0], t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

static inline uint64_t swap(uint8_t *cells, size_t columns, uint64_t slot)
{
    size_t here = slot >> 1, there = here + ((slot & 1) ? columns : 1);
    uint8_t a = cells[here], b = cells[there];
    uint8_t change = (a ^ b) & (a >> (1 + (slot & 1))) & 1;
    cells[here] = a ^ change;
    cells[there] = b ^ change;
    return change;
}

uint64_t exclusion(uint8_t *cells, size_t rows, size_t columns, uint64_t pairs, uint64_t *state)
{
    uint64_t s[4] = {state[0], state[1], state[2], state[3]};
    uint64_t slots = 2 * rows * columns, swaps = 0;
    while (pairs--) {
        uint64_t bits = draw(s);
        swaps += swap(cells, columns, ((bits & 0xffffffff) * slots) >> 32);
        swaps += swap(cells, columns, ((bits >> 32) * slots) >> 32);
    }
    for (int i = 0; i < 4; i++)
        state[i] = s[i];
    return swaps;
}
