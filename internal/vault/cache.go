package vault

import (
	"sync"

	"example.org/amparo/id"
)

// keyCache keeps the payload keys used last, at most limit of them. It has two
// generations: a key found in the older moves to the younger, and when the younger is
// half the limit the older is let go.
type keyCache struct {
	limit int

	mu         sync.Mutex
	young, old map[id.ID]*PayloadKey
}

func (c *keyCache) get(key id.ID) *PayloadKey {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p := c.young[key]; p != nil {
		return p
	}
	p := c.old[key]
	if p != nil {
		c.add(key, p)
	}
	return p
}

// put keeps p and returns it, or the one that another reader put first: a key has one
// object, so that its destruction reaches everybody who uses it.
func (c *keyCache) put(key id.ID, p *PayloadKey) *PayloadKey {
	c.mu.Lock()
	defer c.mu.Unlock()
	if q := c.young[key]; q != nil {
		return q
	}
	if q := c.old[key]; q != nil {
		p = q
	}
	c.add(key, p)
	return p
}

func (c *keyCache) add(key id.ID, p *PayloadKey) {
	if len(c.young) >= c.limit/2 {
		c.old, c.young = c.young, nil
	}
	if c.young == nil {
		c.young = map[id.ID]*PayloadKey{}
	}
	delete(c.old, key)
	c.young[key] = p
}

// forget drops keys and makes them unusable for whoever still holds them.
func (c *keyCache) forget(keys ...id.ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, key := range keys {
		for _, m := range []map[id.ID]*PayloadKey{c.young, c.old} {
			if p := m[key]; p != nil {
				p.wipe()
				delete(m, key)
			}
		}
	}
}

// reset empties the cache; keys in use stay usable.
func (c *keyCache) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.young, c.old = nil, nil
}

// drop empties the cache and wipes what was in it.
func (c *keyCache) drop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range []map[id.ID]*PayloadKey{c.young, c.old} {
		for _, p := range m {
			p.wipe()
		}
	}
	c.young, c.old = nil, nil
}
