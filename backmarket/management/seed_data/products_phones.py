# ruff: noqa: E501
"""Smartphones: models, variants and launch prices in France, VAT and private-copy levy included."""

from backmarket.management.seed_data.shapes import Product, Row, colours, numbers, product

FRANCE = "{}, launch price in France"


def _phone(
    brand: str, model: str, date: str, euros: int, storage: str, colour: str, **more: object
) -> Product:
    """One model. `spec` is "screen in inches / memory in GB / battery in mAh / network"."""
    screen, memory, battery, network = str(more["spec"]).split("/")
    specs = {
        "screen_in": float(screen),
        "memory_gb": int(memory),
        "battery_mah": int(battery),
        "connectivity": network,
    }
    source = FRANCE.format(brand)
    nick, form = str(more.get("nick", "")), str(more.get("form", ""))
    row = Row("smartphones", brand, model, date, euros, source, specs, nick, form)
    return product(row, numbers("storage_gb", storage), colours(colour))


APPLE_TITANIUM = "Natural Titanium=titanium, Blue Titanium=blue, White Titanium=white, Black Titanium=black"
APPLE_16_PRO = "Black Titanium=black, Natural Titanium=titanium, Desert Titanium=gold, White Titanium=white"
APPLE_14_PRO = "Space Black=black, Silver, Gold, Deep Purple=purple"
APPLE_13_PRO = "Graphite, Silver, Gold, Sierra Blue=blue"
APPLE_12_PRO = "Graphite, Silver, Gold, Pacific Blue"
APPLE_11_PRO = "Space Grey=graphite, Silver, Gold, Midnight Green=green"
APPLE_12 = "Black, White, Blue, Green, (PRODUCT)RED=red"
APPLE_13 = "Midnight, Starlight, Blue, Pink, (PRODUCT)RED=red"
APPLE_14 = "Midnight, Starlight, Blue, Purple, (PRODUCT)RED=red"
APPLE_15 = "Black, Blue, Green, Yellow, Pink"
APPLE_16 = "Black, White, Pink, Teal=mint, Ultramarine=blue"

APPLE = (
    _phone("Apple", "iPhone 7", "2016-09-16", 769, "32, 128 +110", "Black, Silver, Gold, Rose Gold",
           spec="4.7/2/1960/4G", nick="ip7, iphone7"),
    _phone("Apple", "iPhone 7 Plus", "2016-09-16", 909, "32, 128 +110", "Black, Silver, Gold, Rose Gold",
           spec="5.5/3/2900/4G", nick="ip7plus, 7+"),
    _phone("Apple", "iPhone 8", "2017-09-22", 809, "64, 256 +170", "Space Grey=graphite, Silver, Gold",
           spec="4.7/2/1821/4G", nick="ip8, iphone8"),
    _phone("Apple", "iPhone 8 Plus", "2017-09-22", 919, "64, 256 +170", "Space Grey=graphite, Silver, Gold",
           spec="5.5/3/2675/4G", nick="ip8plus, 8+"),
    _phone("Apple", "iPhone X", "2017-11-03", 1159, "64, 256 +170", "Space Grey=graphite, Silver",
           spec="5.8/3/2716/4G", nick="ipx, iphone 10"),
    _phone("Apple", "iPhone XR", "2018-10-26", 859, "64, 128 +60",
           "Black, White, Blue, Yellow, Coral, (PRODUCT)RED=red", spec="6.1/3/2942/4G", nick="ipxr"),
    _phone("Apple", "iPhone XS", "2018-09-21", 1159, "64, 256 +170, 512 +400", "Space Grey=graphite, Silver, Gold",
           spec="5.8/4/2658/4G", nick="ipxs"),
    _phone("Apple", "iPhone XS Max", "2018-09-21", 1259, "64, 256 +170, 512 +400",
           "Space Grey=graphite, Silver, Gold", spec="6.5/4/3174/4G", nick="ipxsmax"),
    _phone("Apple", "iPhone 11", "2019-09-20", 809, "64, 128 +50, 256 +170",
           "Black, White, Green, Yellow, Purple, (PRODUCT)RED=red", spec="6.1/4/3110/4G", nick="ip11, iphone11"),
    _phone("Apple", "iPhone 11 Pro", "2019-09-20", 1159, "64, 256 +170, 512 +400", APPLE_11_PRO,
           spec="5.8/4/3046/4G", nick="ip11pro"),
    _phone("Apple", "iPhone 11 Pro Max", "2019-09-20", 1259, "64, 256 +170, 512 +400", APPLE_11_PRO,
           spec="6.5/4/3969/4G", nick="ip11promax"),
    _phone("Apple", "iPhone SE (2020)", "2020-04-24", 489, "64, 128 +50, 256 +170",
           "Black, White, (PRODUCT)RED=red", spec="4.7/3/1821/4G", nick="se2, iphone se 2"),
    _phone("Apple", "iPhone 12", "2020-10-23", 909, "64, 128 +50, 256 +170", APPLE_12,
           spec="6.1/4/2815/5G", nick="ip12, iphone12"),
    _phone("Apple", "iPhone 12 mini", "2020-11-13", 809, "64, 128 +50, 256 +170", APPLE_12,
           spec="5.4/4/2227/5G", nick="ip12mini"),
    _phone("Apple", "iPhone 12 Pro", "2020-10-23", 1159, "128, 256 +120, 512 +350", APPLE_12_PRO,
           spec="6.1/6/2815/5G", nick="ip12pro, iphone12pro"),
    _phone("Apple", "iPhone 12 Pro Max", "2020-11-13", 1259, "128, 256 +120, 512 +350", APPLE_12_PRO,
           spec="6.7/6/3687/5G", nick="ip12promax"),
    _phone("Apple", "iPhone 13", "2021-09-24", 909, "128, 256 +120, 512 +350", APPLE_13,
           spec="6.1/4/3227/5G", nick="ip13, iphone13"),
    _phone("Apple", "iPhone 13 mini", "2021-09-24", 809, "128, 256 +120, 512 +350", APPLE_13,
           spec="5.4/4/2406/5G", nick="ip13mini"),
    _phone("Apple", "iPhone 13 Pro", "2021-09-24", 1159, "128, 256 +120, 512 +350", APPLE_13_PRO,
           spec="6.1/6/3095/5G", nick="ip13pro"),
    _phone("Apple", "iPhone 13 Pro Max", "2021-09-24", 1259, "128, 256 +120, 512 +350", APPLE_13_PRO,
           spec="6.7/6/4352/5G", nick="ip13promax"),
    _phone("Apple", "iPhone SE (2022)", "2022-03-18", 529, "64, 128 +50, 256 +170",
           "Midnight, Starlight, (PRODUCT)RED=red", spec="4.7/4/2018/5G", nick="se3, iphone se 3"),
    _phone("Apple", "iPhone 14", "2022-09-16", 1019, "128, 256 +130, 512 +390", APPLE_14,
           spec="6.1/6/3279/5G", nick="ip14, iphone14"),
    _phone("Apple", "iPhone 14 Plus", "2022-10-07", 1169, "128, 256 +130, 512 +390", APPLE_14,
           spec="6.7/6/4325/5G", nick="ip14plus"),
    _phone("Apple", "iPhone 14 Pro", "2022-09-16", 1329, "128, 256 +130, 512 +390", APPLE_14_PRO,
           spec="6.1/6/3200/5G", nick="ip14pro"),
    _phone("Apple", "iPhone 14 Pro Max", "2022-09-16", 1479, "128, 256 +130, 512 +390", APPLE_14_PRO,
           spec="6.7/6/4323/5G", nick="ip14promax"),
    _phone("Apple", "iPhone 15", "2023-09-22", 969, "128, 256 +130, 512 +380", APPLE_15,
           spec="6.1/6/3349/5G", nick="ip15, iphone15"),
    _phone("Apple", "iPhone 15 Plus", "2023-09-22", 1119, "128, 256 +130", APPLE_15,
           spec="6.7/6/4383/5G", nick="ip15plus"),
    _phone("Apple", "iPhone 15 Pro", "2023-09-22", 1229, "128, 256 +130, 512 +380", APPLE_TITANIUM,
           spec="6.1/8/3274/5G", nick="ip15pro"),
    _phone("Apple", "iPhone 15 Pro Max", "2023-09-22", 1479, "256, 512 +250", APPLE_TITANIUM,
           spec="6.7/8/4441/5G", nick="ip15promax"),
    _phone("Apple", "iPhone 16", "2024-09-20", 969, "128, 256 +130", APPLE_16,
           spec="6.1/8/3561/5G", nick="ip16, iphone16"),
    _phone("Apple", "iPhone 16 Pro", "2024-09-20", 1229, "128, 256 +130, 512 +380", APPLE_16_PRO,
           spec="6.3/8/3582/5G", nick="ip16pro"),
    _phone("Apple", "iPhone 16 Pro Max", "2024-09-20", 1479, "256, 512 +250", APPLE_16_PRO,
           spec="6.9/8/4685/5G", nick="ip16promax"),
    _phone("Apple", "iPhone 16e", "2025-02-28", 719, "128, 256 +130", "Black, White",
           spec="6.1/8/4005/5G", nick="ip16e"),
    _phone("Apple", "iPhone 17", "2025-09-19", 969, "256, 512 +250",
           "Black, White, Mist Blue=blue, Sage=green, Lavender", spec="6.3/8/3692/5G", nick="ip17, iphone17"),
)  # fmt: skip

SAMSUNG = (
    _phone("Samsung", "Galaxy S8", "2017-04-28", 809, "64",
           "Midnight Black=black, Orchid Grey=grey, Arctic Silver=silver", spec="5.8/4/3000/4G", nick="s8"),
    _phone("Samsung", "Galaxy S9", "2018-03-16", 859, "64",
           "Midnight Black=black, Coral Blue=blue, Lilac Purple=lavender", spec="5.8/4/3000/4G", nick="s9"),
    _phone("Samsung", "Galaxy S9+", "2018-03-16", 959, "64",
           "Midnight Black=black, Coral Blue=blue, Lilac Purple=lavender", spec="6.2/6/3500/4G", nick="s9 plus, s9+"),
    _phone("Samsung", "Galaxy Note 9", "2018-08-24", 1009, "128, 512 +250",
           "Midnight Black=black, Ocean Blue=blue", spec="6.4/6/4000/4G", nick="note9"),
    _phone("Samsung", "Galaxy S10e", "2019-03-08", 759, "128",
           "Prism Black=black, Prism White=white, Prism Green=green, Canary Yellow=yellow",
           spec="5.8/6/3100/4G", nick="s10e"),
    _phone("Samsung", "Galaxy S10", "2019-03-08", 909, "128, 512 +250",
           "Prism Black=black, Prism White=white, Prism Green=green", spec="6.1/8/3400/4G", nick="s10"),
    _phone("Samsung", "Galaxy S10+", "2019-03-08", 1009, "128",
           "Prism Black=black, Prism White=white, Prism Green=green", spec="6.4/8/4100/4G", nick="s10 plus, s10+"),
    _phone("Samsung", "Galaxy A51", "2020-01-10", 379, "128",
           "Prism Crush Black=black, Prism Crush White=white, Prism Crush Blue=blue", spec="6.5/4/4000/4G", nick="a51"),
    _phone("Samsung", "Galaxy S20", "2020-03-13", 909, "128",
           "Cosmic Grey=grey, Cloud Blue=blue, Cloud Pink=pink", spec="6.2/8/4000/4G", nick="s20"),
    _phone("Samsung", "Galaxy S20 FE", "2020-10-02", 659, "128",
           "Cloud Navy=blue, Cloud Mint=mint, Cloud Lavender=lavender, Cloud White=white, Cloud Red=red",
           spec="6.5/6/4500/4G", nick="s20fe"),
    _phone("Samsung", "Galaxy Note 20 Ultra 5G", "2020-08-21", 1309, "256",
           "Mystic Bronze=rose gold, Mystic Black=black, Mystic White=white", spec="6.9/12/4500/5G", nick="note20 ultra"),
    _phone("Samsung", "Galaxy S21 5G", "2021-01-29", 859, "128, 256 +50",
           "Phantom Gray=grey, Phantom White=white, Phantom Violet=purple, Phantom Pink=pink",
           spec="6.2/8/4000/5G", nick="s21"),
    _phone("Samsung", "Galaxy S21+ 5G", "2021-01-29", 1059, "128, 256 +50",
           "Phantom Black=black, Phantom Silver=silver, Phantom Violet=purple", spec="6.7/8/4800/5G", nick="s21 plus, s21+"),
    _phone("Samsung", "Galaxy S21 Ultra 5G", "2021-01-29", 1259, "128, 256 +50",
           "Phantom Black=black, Phantom Silver=silver", spec="6.8/12/5000/5G", nick="s21 ultra"),
    _phone("Samsung", "Galaxy A52s 5G", "2021-09-03", 449, "128",
           "Awesome Black=black, Awesome White=white, Awesome Violet=lavender, Awesome Mint=mint",
           spec="6.5/6/4500/5G", nick="a52s"),
    _phone("Samsung", "Galaxy S21 FE 5G", "2022-01-11", 759, "128, 256 +70",
           "Graphite, White, Lavender, Olive=green", spec="6.4/6/4500/5G", nick="s21fe"),
    _phone("Samsung", "Galaxy S22", "2022-02-25", 859, "128, 256 +50",
           "Phantom Black=black, Phantom White=white, Green, Pink Gold=rose gold", spec="6.1/8/3700/5G", nick="s22"),
    _phone("Samsung", "Galaxy S22 Ultra", "2022-02-25", 1259, "128, 256 +100",
           "Phantom Black=black, Phantom White=white, Burgundy=red", spec="6.8/8/5000/5G", nick="s22 ultra"),
    _phone("Samsung", "Galaxy A53 5G", "2022-04-01", 459, "128",
           "Awesome Black=black, Awesome White=white, Awesome Blue=blue, Awesome Peach=orange",
           spec="6.5/6/5000/5G", nick="a53"),
    _phone("Samsung", "Galaxy S23", "2023-02-17", 959, "128, 256 +60",
           "Phantom Black=black, Cream=starlight, Green, Lavender", spec="6.1/8/3900/5G", nick="s23"),
    _phone("Samsung", "Galaxy S23 Ultra", "2023-02-17", 1419, "256, 512 +180",
           "Phantom Black=black, Cream=starlight, Green, Lavender", spec="6.8/8/5000/5G", nick="s23 ultra"),
    _phone("Samsung", "Galaxy A54 5G", "2023-03-24", 499, "128, 256 +50",
           "Awesome Graphite=graphite, Awesome White=white, Awesome Lime=green, Awesome Violet=lavender",
           spec="6.4/8/5000/5G", nick="a54"),
    _phone("Samsung", "Galaxy S24", "2024-01-31", 899, "128, 256 +60",
           "Onyx Black=black, Marble Gray=grey, Cobalt Violet=purple, Amber Yellow=yellow",
           spec="6.2/8/4000/5G", nick="s24"),
    _phone("Samsung", "Galaxy S24 Ultra", "2024-01-31", 1469, "256, 512 +120",
           "Titanium Black=black, Titanium Gray=titanium, Titanium Violet=purple, Titanium Yellow=yellow",
           spec="6.8/12/5000/5G", nick="s24 ultra"),
    _phone("Samsung", "Galaxy S25", "2025-02-07", 899, "128, 256 +60",
           "Icy Blue=blue, Mint, Navy=midnight, Silver Shadow=silver", spec="6.2/12/4000/5G", nick="s25"),
    _phone("Samsung", "Galaxy Z Flip3 5G", "2021-08-27", 1059, "128, 256 +50",
           "Phantom Black=black, Cream=starlight, Green, Lavender", spec="6.7/8/3300/5G", nick="flip 3, zflip3", form="foldable"),
    _phone("Samsung", "Galaxy Z Flip4", "2022-08-26", 1109, "128, 256 +60",
           "Graphite, Bora Purple=lavender, Pink Gold=rose gold, Blue", spec="6.7/8/3700/5G", nick="flip 4, zflip4",
           form="foldable"),
    _phone("Samsung", "Galaxy Z Fold4", "2022-08-26", 1799, "256, 512 +120",
           "Phantom Black=black, Graygreen=green, Beige=gold", spec="7.6/12/4400/5G", nick="fold 4, zfold4", form="foldable"),
    _phone("Samsung", "Galaxy Z Flip5", "2023-08-11", 1199, "256, 512 +120",
           "Graphite, Cream=starlight, Lavender, Mint", spec="6.7/8/3700/5G", nick="flip 5, zflip5", form="foldable"),
)  # fmt: skip

OTHERS = (
    _phone("Google", "Pixel 4a", "2020-10-01", 349, "128", "Just Black=black, Barely Blue=blue",
           spec="5.8/6/3140/4G", nick="px4a"),
    _phone("Google", "Pixel 6", "2021-10-28", 649, "128",
           "Stormy Black=black, Sorta Seafoam=mint, Kinda Coral=coral", spec="6.4/8/4614/5G", nick="px6"),
    _phone("Google", "Pixel 6 Pro", "2021-10-28", 899, "128",
           "Stormy Black=black, Cloudy White=white, Sorta Sunny=gold", spec="6.7/12/5003/5G", nick="px6pro"),
    _phone("Google", "Pixel 6a", "2022-07-28", 459, "128", "Charcoal=graphite, Chalk=white, Sage=green",
           spec="6.1/6/4410/5G", nick="px6a"),
    _phone("Google", "Pixel 7", "2022-10-13", 649, "128", "Obsidian=black, Snow=white, Lemongrass=yellow",
           spec="6.3/8/4355/5G", nick="px7"),
    _phone("Google", "Pixel 7 Pro", "2022-10-13", 899, "128", "Obsidian=black, Snow=white, Hazel=green",
           spec="6.7/12/5000/5G", nick="px7pro"),
    _phone("Google", "Pixel 7a", "2023-05-10", 509, "128", "Charcoal=graphite, Snow=white, Sea=blue, Coral",
           spec="6.1/8/4385/5G", nick="px7a"),
    _phone("Google", "Pixel 8", "2023-10-12", 799, "128", "Obsidian=black, Hazel=green, Rose=pink",
           spec="6.2/8/4575/5G", nick="px8"),
    _phone("Google", "Pixel 8 Pro", "2023-10-12", 1099, "128", "Obsidian=black, Porcelain=starlight, Bay=blue",
           spec="6.7/12/5050/5G", nick="px8pro"),
    _phone("Google", "Pixel 9", "2024-08-22", 899, "128, 256 +100",
           "Obsidian=black, Porcelain=starlight, Wintergreen=mint, Peony=pink", spec="6.3/12/4700/5G", nick="px9"),
    _phone("Xiaomi", "Mi 11", "2021-03-15", 799, "128, 256 +100", "Midnight Gray=graphite, Horizon Blue=blue",
           spec="6.8/8/4600/5G", nick="mi11"),
    _phone("Xiaomi", "13T Pro", "2023-10-05", 799, "256, 512 +100",
           "Black, Meadow Green=green, Alpine Blue=blue", spec="6.7/12/5000/5G", nick="mi 13t pro"),
    _phone("OnePlus", "Nord", "2020-08-04", 399, "128, 256 +100", "Blue Marble=blue, Gray Onyx=graphite",
           spec="6.4/8/4115/5G", nick="nord 5g"),
    _phone("Huawei", "P30 Pro", "2019-03-29", 999, "128, 256 +100", "Black, Aurora=blue, Breathing Crystal=silver",
           spec="6.5/8/4200/4G", nick="p30pro"),
    _phone("Fairphone", "Fairphone 4", "2021-10-25", 579, "128, 256 +70", "Grey, Green",
           spec="6.3/6/3905/5G", nick="fp4"),
    _phone("Fairphone", "Fairphone 5", "2023-09-14", 699, "256", "Matte Black=black, Sky Blue=blue, Transparent=white",
           spec="6.5/8/4200/5G", nick="fp5"),
    _phone("Nothing", "Phone (1)", "2022-07-21", 469, "128, 256 +30", "Black, White", spec="6.6/8/4500/5G", nick="np1"),
    _phone("Nothing", "Phone (2)", "2023-07-17", 679, "128, 256 +50", "Dark Grey=graphite, White",
           spec="6.7/8/4700/5G", nick="np2"),
)  # fmt: skip

PHONES: tuple[Product, ...] = (*APPLE, *SAMSUNG, *OTHERS)
